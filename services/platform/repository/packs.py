"""The bytes of a pack: encrypted contents, a footer that tells what they are, a trailer that finds the footer."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from struct import Struct
from struct import error as broken_off
from typing import Final, NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.platform.repository.compression import MAX_OBJECT_BYTES, compress, decompress
from services.platform.repository.errors import ContentCorruptError, NewerPackError, PackCorruptError
from services.platform.repository.keyring import KeyRing

MAGIC: Final = b"NKPK"
END: Final = b"NKPE"
VERSION: Final = 2
TAG_BYTES: Final = 16
"""What encryption adds to a content."""
_HEADER: Final = Struct(">4sBBH")
_TRAILER: Final = Struct(">II4s")
"""Number of contents, size of the footer, END."""
ENTRY: Final = Struct(">32sBII")
"""Digest of the name, form, stored size, size of the input; in the order of the pack."""
TRAILER_BYTES: Final = _TRAILER.size
FOOTER: Final = b"footer"


class Packed(NamedTuple):
    """One content on its way into a pack."""

    digest: bytes
    form: int
    payload: bytes
    size_bytes: int


class Entry(NamedTuple):
    """One content of a pack: what a footer and an index tell of it. `number` is its place in the order."""

    digest: bytes
    number: int
    form: int
    offset: int
    stored_bytes: int
    size_bytes: int


@dataclass(frozen=True)
class PackCipher:
    """Encrypts and decrypts one pack; nonces are counted, since the pack's key is its own."""

    ring: KeyRing
    pack_id: UUID
    key_number: int

    def __reduce__(self) -> tuple[type["PackCipher"], tuple[KeyRing, UUID, int]]:
        """Without what cannot be pickled: it is made again."""
        return PackCipher, (self.ring, self.pack_id, self.key_number)

    @cached_property
    def _aead(self) -> AESGCM:
        return AESGCM(self.ring.one_time(self.key_number, "pack", self.pack_id.bytes))

    def sealed(self, contents: Sequence[Packed]) -> tuple[bytes, list[Entry]]:
        """The whole pack and its entries. Busy: not for the event loop."""
        aead, entries, offset = self._aead, list[Entry](), _HEADER.size
        parts = [_HEADER.pack(MAGIC, VERSION, 0, self.key_number)]
        for number, content in enumerate(contents):
            bound = self._bound_to(bytes([content.form]) + content.digest)
            parts.append(aead.encrypt(_nonce(number), content.payload, bound))
            stored = len(parts[-1])
            entries.append(Entry(content.digest, number, content.form, offset, stored, content.size_bytes))
            offset += stored
        footer = aead.encrypt(_nonce(len(entries)), compress(entries_as_bytes(entries)), self._bound_to(FOOTER))
        parts += [footer, _TRAILER.pack(len(entries), len(footer), END)]
        return b"".join(parts), entries

    def opened(self, entry: Entry, stored: bytes) -> bytes:
        """A content's payload. Raises ContentCorruptError."""
        try:
            bound = self._bound_to(bytes([entry.form]) + entry.digest)
            return self._aead.decrypt(_nonce(entry.number), stored, bound)
        except InvalidTag as error:
            raise ContentCorruptError("stored bytes are damaged: they are not what was encrypted") from error

    def entries(self, footer: bytes, count: int) -> list[Entry]:
        """What a footer tells. Raises PackCorruptError."""
        try:
            told = decompress(self._aead.decrypt(_nonce(count), footer, self._bound_to(FOOTER)), MAX_OBJECT_BYTES)
        except (InvalidTag, ContentCorruptError) as error:
            raise PackCorruptError(f"the footer of the pack {self.pack_id} is damaged") from error
        return entries_from(told)

    def _bound_to(self, what: bytes) -> bytes:
        return b"nightkeep pack" + bytes([VERSION]) + self.ring.environment_id.bytes + what


def key_number_of(pack_id: UUID, head: bytes) -> int:
    """Which data key a pack is under. Raises PackCorruptError for what is no pack, NewerPackError."""
    try:
        magic, version, _, number = _HEADER.unpack_from(head)
    except broken_off as error:
        raise PackCorruptError(f"the pack {pack_id} is cut short") from error
    if magic != MAGIC:
        raise PackCorruptError(f"the pack {pack_id} is damaged: it does not begin like one")
    if version != VERSION:
        raise NewerPackError(f"the pack {pack_id} has version {version}, this release reads {VERSION}: upgrade it")
    return int(number)


def footer_of(pack_id: UUID, trailer: bytes) -> tuple[int, int]:
    """Number of contents and size of the footer, from a pack's last bytes. Raises PackCorruptError."""
    if len(trailer) != _TRAILER.size or not trailer.endswith(END):
        raise PackCorruptError(f"the pack {pack_id} is cut short: it does not end like one")
    count, size_bytes, _ = _TRAILER.unpack(trailer)
    return count, size_bytes


def entries_as_bytes(entries: Sequence[Entry]) -> bytes:
    """As a footer and an index hold them."""
    return b"".join(ENTRY.pack(one.digest, one.form, one.stored_bytes, one.size_bytes) for one in entries)


def entries_from(told: bytes) -> list[Entry]:
    """The entries of one pack; offsets follow from the sizes."""
    entries, offset = list[Entry](), _HEADER.size
    for number, (digest, form, stored, size_bytes) in enumerate(ENTRY.iter_unpack(told)):
        entries.append(Entry(digest, number, form, offset, stored, size_bytes))
        offset += stored
    return entries


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")
