"""Small contents, packed and opened where their documents are read and written: in a helper process, too."""

from dataclasses import dataclass
from typing import NamedTuple

from services.platform.repository.forms import checked, encoded
from services.platform.repository.names import digest_of, name_of
from services.platform.repository.packs import Entry, PackCipher, Packed


class Present(NamedTuple):
    """A content that is in the repository already."""

    digest: bytes
    size_bytes: int


@dataclass(frozen=True, repr=False)
class Packing:
    """Makes contents of small documents. `name_key` is the environment's (see KeyRing).

    `there` are digests of contents that need not be stored: to compress costs ten times what a name does.
    """

    name_key: bytes
    there: frozenset[bytes] = frozenset()

    def __call__(self, data: bytes) -> Packed | Present:
        """One document's. Busy: not for the event loop."""
        digest = digest_of(name_of(self.name_key, data))
        return Present(digest, len(data)) if digest in self.there else Packed(digest, *encoded(data), len(data))


class Unopened(NamedTuple):
    """One content, whole: no delta. `stored` is what its pack holds of it."""

    name: str
    cipher: PackCipher
    entry: Entry
    stored: bytes

    def opened(self) -> bytes:
        """Its bytes. Raises ContentCorruptError unless they are what the name says."""
        payload = self.cipher.opened(self.entry, self.stored)
        return checked(self.cipher.ring.name_key, self.name, self.entry.form, payload)
