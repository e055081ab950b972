"""Which tables' data lie in a stretch of a dump: what a damage costs, in the words of the person who needs them."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from contracts.manifest import DatabasePart
from services.platform.archives.dump.blocks import (
    BEGIN,
    BLOBS_BLOCK,
    BLOCK_BYTES,
    DATA_BLOCK,
    Block,
    Next,
    Place,
    read_slice,
)
from services.platform.archives.dump.head import Entry, Head, read_head
from services.platform.archives.dump.reading import Reader, int_bytes
from services.platform.archives.workshop import Workshop
from services.platform.repository import EnvironmentRepository
from services.platform.repository.errors import RepositoryError
from services.platform.repository.moving import Moves, unheard

CONTENTS: Final = "the table of contents"
LARGE_OBJECTS: Final = "large objects"
_INTS_BEFORE_TAG: Final = 2
_TEXTS_BEFORE_TAG: Final = 2
_TEXTS_BEFORE_NAMESPACE: Final = 3
_MEMBER_END: Final = int_bytes(0)
_BEGIN_BYTES: Final = len(_MEMBER_END) + BLOCK_BYTES - 1
"""Of the begin of a block, what the end of a content may hold."""


@dataclass(frozen=True, slots=True)
class Described:
    """What an entry is of: its schema (empty for what has none) and its tag."""

    schema: str
    tag: str

    @property
    def name(self) -> str:
        """`schema.tag`."""
        return f"{self.schema}.{self.tag}" if self.schema else self.tag


def described(entry: Entry) -> Described:
    """What an entry of a table of contents says of itself."""
    reader = Reader(entry.before_owner)
    for _ in range(_INTS_BEFORE_TAG):
        reader.int()
    for _ in range(_TEXTS_BEFORE_TAG):
        reader.text()
    tag, _kind = reader.text(), reader.text()
    reader.int()
    for _ in range(_TEXTS_BEFORE_NAMESPACE):
        reader.text()
    return Described(_words(reader.text()), _words(tag))


def _words(text: bytes | None) -> str:
    return (text or b"").decode(errors="backslashreplace")


def _name_of(entry: Entry) -> str:
    """How a person calls an entry with data; large objects have no name."""
    return LARGE_OBJECTS if entry.kind == b"BLOBS" else described(entry).name


async def tables_in(
    repository: EnvironmentRepository,
    database: DatabasePart,
    damaged: Collection[int],
    workshop: Workshop,
    moved: Moves = unheard,
) -> Sequence[str]:
    """The tables of which something lies in the `damaged` contents of a stored dump.

    Data follow in the order of the table of contents. Behind a damage the next table is found by its number; those
    between are named too. So the dump is read to the first table behind the last damage, content by content; `moved`
    hears of each.
    """
    search: _Search | None = None
    head = b""
    for number, name in enumerate(database.contents):
        data = await _sound(repository, name)
        moved()
        if search is None:
            if data is None:
                return (CONTENTS,)
            head += data
            found = await workshop.do(read_head, head)
            if found is None:
                continue
            search, data = _Search(found), head[found.size_bytes :]
        await workshop.do(search.go_on, data)
        if number >= max(damaged) and not search.is_lost:
            return search.touched()
    return search.touched() if search else (CONTENTS,)


async def _sound(repository: EnvironmentRepository, name: str) -> bytes | None:
    """A content; None when it cannot be had."""
    try:
        return b"".join([piece async for piece in repository.read([name])])
    except RepositoryError:
        return None


class _Search:
    """Follows a dump's data, and notes which entries a damage may have touched."""

    def __init__(self, head: Head) -> None:
        self._entries = [entry for entry in head.entries if entry.has_data]
        self._order = {entry.dump_id: number for number, entry in enumerate(self._entries)}
        self._place: Place | None = BEGIN
        self._at = -1  # before the first
        self._touched: set[int] = set()
        self._kept = b""

    @property
    def is_lost(self) -> bool:
        """Whether a damage has come, and no table behind it yet."""
        return self._place is None

    def touched(self) -> Sequence[str]:
        """The names of what was touched, in the dump's order; what is not found again is touched to the end."""
        if self.is_lost:
            self._touched |= set(range(self._at, len(self._entries)))
        return [_name_of(self._entries[number]) for number in sorted(self._touched) if number >= 0]

    def go_on(self, data: bytes | None) -> None:
        """More data; None where some are not to be had."""
        if data is None:
            self._lose()
            return
        if self._place is None:
            data = self._found_again(self._kept + data)
        if self._place is not None:
            self._follow(self._place, data)

    def _lose(self) -> None:
        """At least the present table is touched; between two, the next one."""
        if self._place is not None and self._place.next is Next.BLOCK:
            self._at = min(self._at + 1, len(self._entries) - 1)
        self._place, self._kept = None, b""
        self._touched.add(self._at)

    def _follow(self, place: Place, data: bytes) -> None:
        items, self._place = read_slice(place, data)
        for item in items:
            if isinstance(item, Block):
                self._at = self._order.get(item.dump_id, self._at)

    def _found_again(self, data: bytes) -> bytes:
        """From the first block on that is one of the tables to come; those between are touched as well."""
        begins = dict(self._to_come())
        found = re.search(b"|".join(map(re.escape, begins)), data) if begins else None
        if found is None:
            self._kept = data[-_BEGIN_BYTES:]
            return b""
        number = begins[found[0]]
        self._touched |= set(range(self._at, number))
        self._at, self._place = number, BEGIN
        return data[found.end() - BLOCK_BYTES :]

    def _to_come(self) -> Iterable[tuple[bytes, int]]:
        """How the data of each begin: behind the end of the last chunk before."""
        for number, entry in enumerate(self._entries[self._at + 1 :], self._at + 1):
            kind = BLOBS_BLOCK if entry.kind == b"BLOBS" else DATA_BLOCK
            yield _MEMBER_END + bytes([kind]) + int_bytes(entry.dump_id), number
