"""Where each content is: all indexes of an environment in a temporary file, so that memory does not grow with them."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID
from weakref import finalize

import aiosql

from services.platform.process.sqlite import insert
from services.platform.repository.errors import NewerPackError, NewerSealError, PackCorruptError, RepositoryError
from services.platform.repository.forms import Form
from services.platform.repository.indexes import PackEntries
from services.platform.repository.packs import Entry

queries: Any = aiosql.from_path(Path(__file__).with_name("locations.sql"), "sqlite3")
BATCH: Final = 100
"""Packs read at once."""
ASKED_AT_ONCE: Final = 100
"""Contents in one question: with more of them nothing is left to save."""
_START_BITS: Final = 40
"""More than any offset in a pack has."""


class Location(NamedTuple):
    """A content in a pack. `trusted` is neither condemned nor known to be damaged: something new may build upon it."""

    pack_id: UUID
    key_number: int
    entry: Entry
    trusted: bool


@dataclass(frozen=True, slots=True)
class StoredPack:
    """A pack as the store tells of it."""

    pack_id: UUID
    size_bytes: int
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a pack is needed and whole in no other that is trusted: contents and their stored bytes."""

    pack_id: UUID
    modified_at: datetime
    damaged: bool
    contents: int
    stored_bytes: int
    live_contents: int
    live_bytes: int


@dataclass(frozen=True, slots=True)
class Sums:
    """Bytes: of the packs, of their contents, of what is needed, of what several backups need."""

    packs: int
    contents: int
    live: int
    shared: int


class Locations:
    """Packs that are in the store, and what they hold. Calls are short; long ones go to a thread, one at a time."""

    def __init__(self) -> None:
        # "" is a file of SQLite's own that goes with the connection.
        self._connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._failure: Exception | None = None
        self.indexes: Sequence[str] = ()
        """The keys of the index objects that were read into this."""
        self.damaged_indexes: dict[str, RepositoryError] = {}
        """Those that could not be read, damaged ones and newer ones: footers tell the same."""
        self.unreadable: dict[UUID, PackCorruptError] = {}
        """Packs that do not tell what they hold, and why."""
        queries.create_tables(self._connection)

        finalize(self, self._connection.close)

    def add_stored(self, packs: Iterable[StoredPack]) -> None:
        """Packs that the store lists; others do not count."""
        with self._together():
            for pack in packs:
                told = {"id": pack.pack_id.bytes, "size": pack.size_bytes, "modified": pack.modified_at.timestamp()}
                queries.add_pack(self._connection, **told)

    def refuse_newer(self) -> None:
        """For who writes, or removes: raise NewerPackError or NewerSealError for a newer release's pack or index."""
        for error in (*self.unreadable.values(), *self.damaged_indexes.values()):
            if isinstance(error, NewerPackError | NewerSealError):
                raise error

    def condemn(self, pack_ids: Iterable[UUID]) -> None:
        """Packs that nothing new may build upon."""
        for pack_id in pack_ids:
            queries.condemn_pack(self._connection, id=pack_id.bytes)

    def damage(self, pack_ids: Iterable[UUID]) -> None:
        """Packs that do not hold what they should: nothing new may build upon them either."""
        for pack_id in pack_ids:
            queries.damage_pack(self._connection, id=pack_id.bytes)

    def set_unreadable(self, pack_id: UUID, error: PackCorruptError) -> None:
        """A pack that does not tell what it holds: damaged, and left where it is."""
        self.unreadable[pack_id] = error
        queries.unreadable_pack(self._connection, id=pack_id.bytes)

    def damaged(self) -> list[UUID]:
        """Those of them that are there."""
        return [UUID(bytes=row[0]) for row in queries.damaged(self._connection)]

    def add(self, pack: PackEntries, *, footer_only: bool = False) -> None:
        """What a pack holds; one that is not in the store, or known already, is passed over."""
        row = queries.pack_number(self._connection, id=pack.pack_id.bytes)
        if row is None or row[1] is not None:
            return
        with self._together():
            told = {"key_number": pack.key_number, "footer_only": footer_only}
            queries.set_key_number(self._connection, number=row[0], **told)
            contents = [(row[0], *entry) for entry in sorted(pack.entries)]  # by digest, as the file has them
            insert(self._connection, queries.add_contents.sql, contents)

    def knows(self, pack_id: UUID) -> bool:
        """Whether the pack is one of these."""
        return queries.pack_number(self._connection, id=pack_id.bytes) is not None

    def unindexed(self) -> list[tuple[UUID, int]]:
        """Packs in the store of which no index told; with their sizes."""
        return [(UUID(bytes=row[0]), row[1]) for row in queries.unindexed(self._connection)]

    def locate(self, digest: bytes) -> list[Location]:
        """Every place of a content, those that are sound and stay first."""
        return list(self._located([digest]))

    def first_of(self, digests: Sequence[bytes]) -> dict[bytes, Location]:
        """The first of the places of each; nothing of what is in no pack."""
        found: dict[bytes, Location] = {}
        for location in self._located(digests):
            found.setdefault(location.entry.digest, location)
        return found

    def _located(self, digests: Sequence[bytes]) -> Iterator[Location]:
        for row in self._told_of(digests, queries.locate.sql):
            yield Location(UUID(bytes=row[0]), row[1], Entry(*row[3:]), bool(row[2]))

    def positions(self, digests: Sequence[bytes]) -> dict[bytes, int]:
        """Numbers that order contents as they lie in the packs; none of what is in none."""
        found: dict[bytes, int] = {}
        for digest, pack, start in self._told_of(digests, queries.positions.sql):
            found.setdefault(digest, pack << _START_BITS | start)
        return found

    def usable(self, digests: Sequence[bytes]) -> set[bytes]:
        """Those to which a new backup may refer without looking further: stored whole, in a pack that stays."""
        return {row[0] for row in self._told_of(digests, queries.usable.sql)}

    def _told_of(self, digests: Sequence[bytes], query: str) -> Iterator[Any]:
        # Asked for every document of every backup and restore: many at once, without what aiosql does around a query.
        for start in range(0, len(digests), ASKED_AT_ONCE):
            asked = digests[start : start + ASKED_AT_ONCE]
            yield from self._connection.execute(_asking(query, len(asked)), asked)

    def is_there(self, digest: bytes) -> bool:
        """Whether any pack that is trusted has it, in whatever form."""
        return any(one.trusted for one in self.locate(digest))

    def is_cut(self, location: Location) -> bool:
        """Whether the store has less of the pack than this content needs."""
        entry = location.entry
        return bool(queries.pack_size(self._connection, id=location.pack_id.bytes) < entry.offset + entry.stored_bytes)

    def is_short(self, pack: PackEntries) -> bool:
        """Whether the store has less of the pack than its contents need."""
        needed = max((entry.offset + entry.stored_bytes for entry in pack.entries), default=0)
        return bool(queries.pack_size(self._connection, id=pack.pack_id.bytes) < needed)

    def packs(self) -> Iterator[PackEntries]:
        """Every pack with its entries."""
        after = -1
        while rows := list(queries.indexed(self._connection, after=after, count=BATCH)):
            for number, pack_id, key_number in rows:
                yield PackEntries(UUID(bytes=pack_id), key_number, self._entries(number))
            after = rows[-1][0]

    def adopted(self) -> Iterator[PackEntries]:
        """The packs of which only their footers tell and upon which something new may build; each is told once."""
        while row := queries.adoptable(self._connection):
            number, pack_id, key_number = row
            queries.adopt(self._connection, number=number)
            yield PackEntries(UUID(bytes=pack_id), key_number, self._entries(number))

    def _entries(self, number: int) -> Sequence[Entry]:
        return [Entry(*row) for row in queries.entries(self._connection, pack=number)]

    def mark(self, digests: Iterable[bytes], owner: int) -> None:
        """Note that a manifest refers to these; `owner` is any number for it."""
        with self._together():
            insert(self._connection, queries.add_live.sql, [(digest, owner) for digest in digests])

    def set_stale(self, places: Iterable[Location]) -> None:
        """Note of contents that are needed that these places are as good as none: others must do."""
        for place in places:
            where = {"id": place.pack_id.bytes, "digest": place.entry.digest, "place": place.entry.number}
            queries.set_stale(self._connection, **where)

    def is_live(self, digest: bytes) -> bool:
        """Whether a manifest refers to it, as far as was marked."""
        return queries.is_live(self._connection, digest=digest) is not None

    def is_shared(self, digest: bytes) -> bool:
        """Whether several manifests refer to it."""
        return queries.is_shared(self._connection, digest=digest) is not None

    def sums(self) -> Sums:
        """The bytes of everything, and of what was marked."""
        return Sums(*queries.sums(self._connection))

    def shares(self) -> list[Share]:
        """How much is needed of each pack that is not condemned; unreadable ones are left out."""
        rows = queries.shares(self._connection)
        return [Share(UUID(bytes=row[0]), datetime.fromtimestamp(row[1], UTC), bool(row[2]), *row[3:]) for row in rows]

    def live_of(self, pack_id: UUID) -> dict[bytes, int]:
        """What is needed of a pack and whole in no other that is trusted: digests, and the bytes that each takes."""
        return {row[0]: row[1] for row in queries.live_of(self._connection, id=pack_id.bytes)}

    def needed_whole(self, pack_id: UUID) -> list[bytes]:
        """What is needed of a pack and is whole in no other one that is trusted."""
        rows = queries.needed_whole(self._connection, id=pack_id.bytes, delta=Form.DELTA.value)
        return [row[0] for row in rows]

    def several(self) -> list[bytes]:
        """What is needed and lies in several places that are trusted, in one of them as a delta."""
        return [row[0] for row in queries.several(self._connection, delta=Form.DELTA.value)]

    def dead_of(self, pack_id: UUID) -> tuple[int, int]:
        """How many contents of a pack nothing needs, and their stored bytes; all of it where its key was destroyed."""
        count, stored_bytes = queries.dead_of(self._connection, id=pack_id.bytes)
        return count, stored_bytes

    def drop(self, pack_id: UUID) -> None:
        """A pack is no longer in the store."""
        row = queries.pack_number(self._connection, id=pack_id.bytes)
        if row:
            with self._together():
                self._connection.execute("DELETE FROM content WHERE pack = ?", (row[0],))
                queries.drop_pack(self._connection, number=row[0])

    @contextmanager
    def _together(self) -> Iterator[None]:
        """One write of the file for many rows.

        An error needs no rollback: the file goes with who met it, and who comes later hears of the same error.
        """
        if self._failure:
            raise self._failure
        try:
            self._connection.execute("BEGIN")
            yield
            self._connection.execute("COMMIT")
        except Exception as error:
            self._failure = error
            raise


@cache
def _asking(query: str, count: int) -> str:
    return query.replace(":digests", ", ".join("?" * count))
