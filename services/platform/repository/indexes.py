"""Index objects: what many footers tell, in one sealed object; append-only, and made again from footers when lost."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from struct import Struct, error
from uuid import UUID

from services.platform.repository.errors import SealBrokenError
from services.platform.repository.packs import ENTRY, Entry, entries_as_bytes, entries_from

_PACK = Struct(">16sHI")
"""A pack's id, the number of its data key, how many contents it has; that many entries follow."""


@dataclass(frozen=True, slots=True)
class PackEntries:
    """What one pack holds."""

    pack_id: UUID
    key_number: int
    entries: Sequence[Entry]


def as_bytes(packs: Sequence[PackEntries]) -> bytes:
    """An index of these packs."""
    parts = list[bytes]()
    for pack in packs:
        parts += (_PACK.pack(pack.pack_id.bytes, pack.key_number, len(pack.entries)), entries_as_bytes(pack.entries))
    return b"".join(parts)


def from_bytes(told: bytes) -> Iterator[PackEntries]:
    """The packs of an index. Raises SealBrokenError for one that is cut short."""
    start = 0
    while start < len(told):
        try:
            pack_id, number, count = _PACK.unpack_from(told, start)
        except error as broken:
            raise SealBrokenError("an index ends in the middle of a pack") from broken
        start += _PACK.size
        end = start + count * ENTRY.size
        if end > len(told):
            raise SealBrokenError("an index ends in the middle of an entry")
        yield PackEntries(UUID(bytes=pack_id), number, entries_from(told[start:end]))
        start = end
