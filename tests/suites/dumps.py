"""How dumps are stored night after night, whatever the object store: as what an earlier one has not."""

import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from contracts.manifest import CONTENT_BYTES, Burial, DatabasePart, Manifest
from services.platform.objectstore import Faults, FaultyObjectStore, ObjectStore
from services.platform.repository import EnvironmentRepository, Repository, RepositoryV2
from services.platform.repository.chain import most_read
from tests.suites.reclaim import LATER, NOW
from tests.suites.repository import KEY, pieces, read
from tests.support.damaging import lose, rot
from tests.support.manifests import manifest, tombstone

ROWS = 100_000
"""Of 120 to 280 bytes: a segment, and the begin of a second."""
SMALL = 8_000
"""Rows: a megabyte and a half, where it is not about segments."""

Damage = Callable[[ObjectStore, bytes, UUID, str], Awaitable[None]]


class Table:
    """Rows that compress like an app's, and are changed as a database changes them."""

    def __init__(self, rows: int = ROWS, seed: int = 20261122) -> None:
        self.random = random.Random(seed)  # noqa: S311 -- the same rows each time
        self.rows = [self.row(number) for number in range(rows)]

    def row(self, number: int) -> bytes:
        told = self.random.randbytes(self.random.randrange(40, 110)).hex()
        return f"{number}\t2026-11-22 12:00:00+00\tordered\t{told}\t{{}}\n".encode()

    def night(self, share: float = 0.01) -> None:
        """Update rows anywhere (an update moves the row to the end), and add half as many."""
        count = int(len(self.rows) * share)
        for at in sorted(self.random.sample(range(len(self.rows)), count), reverse=True):
            del self.rows[at]
        self.rows += [self.row(number) for number in range(count + count // 2)]

    def dump(self) -> bytes:
        """As a dump has it."""
        return b"".join(self.rows)


class Nights:
    """Backups of one environment, each in a process of its own."""

    def __init__(self, root: Repository, environment_id: UUID) -> None:
        self.root = root
        self.environment_id = environment_id
        self.newest: Manifest | None = None
        self.taken = 0
        self.read_back = list[int]()

    def repository(self) -> EnvironmentRepository:
        return self.root.of(self.environment_id)

    async def back_up(self, data: bytes, backup_id: UUID | None = None) -> Manifest:
        """One night."""
        repository = self.repository()
        plain = manifest(backup_id or uuid4(), self.environment_id, repository.key_id)
        self.taken += 1
        await repository.begin_backup(plain.backup_id)
        dump = await repository.store_dump(pieces(data), self.newest.database if self.newest else None)
        self.read_back.append(dump.read_back_bytes)
        listing = await repository.store_bytes(b"")
        lines = plain.files.listing.model_copy(update={"contents": listing.contents, "hash": listing.hash, "count": 0})
        stored = dump.sequence
        changes = {
            "contents": stored.contents,
            "hash": stored.hash,
            "bytes": stored.bytes,
            "stored_bytes": stored.stored_bytes + dump.prints_stored_bytes,
            "chain": dump.chain,
        }
        files = plain.files.model_copy(update={"listing": lines, "dangling": None})
        database, taken_at = plain.database.model_copy(update=changes), NOW + timedelta(days=self.taken)
        whole = plain.model_copy(update={"database": database, "files": files, "restore_point": taken_at})
        verdict = await repository.put_manifest(whole)
        assert verdict.manifest is not None
        self.newest = verdict.manifest
        return verdict.manifest

    async def dump(self, whole: Manifest) -> bytes:
        return await read(self.repository(), whole.database.contents)


class Counted(FaultyObjectStore):
    """A store that counts what is read from its packs."""

    def __init__(self, inner: ObjectStore) -> None:
        super().__init__(inner, Faults())
        self.read_bytes = 0

    async def get_range(self, key: str, offset: int, size_bytes: int) -> bytes:
        """See ObjectStore."""
        data = await super().get_range(key, offset, size_bytes)
        self.read_bytes += len(data)
        return data


def shares(parts: Sequence[DatabasePart]) -> list[float]:
    """What each night stored, beside the first."""
    return [part.stored_bytes / parts[0].stored_bytes for part in parts]


class DumpBehaviour:
    """What a server might do otherwise than a directory. A subclass brings the fixture `store`: a new, empty one."""

    @pytest.fixture
    def nights(self, store: ObjectStore) -> Nights:
        return Nights(RepositoryV2(store, KEY), uuid4())

    async def test_later_nights_store_what_changed_and_every_one_is_read_back(self, nights: Nights) -> None:
        table, taken = Table(), list[tuple[Manifest, bytes]]()
        for _ in range(4):
            data = table.dump()
            taken.append((await nights.back_up(data), data))
            table.night(0.02)
        parts = [whole.database for whole, _ in taken]
        assert max(shares(parts)[1:]) < 0.12
        assert any(part.chain and part.chain.anchor for part in parts)
        for whole, data in taken:
            assert await nights.dump(whole) == data

    async def test_a_base_outlives_its_backup(self, nights: Nights) -> None:
        table = Table()
        first = await nights.back_up(table.dump())
        table.night()
        data = table.dump()
        second = await nights.back_up(data)
        await nights.repository().erase_manifest(tombstone(first.backup_id, nights.environment_id, Burial.DELETED))
        condemned = await nights.repository().condemn(uuid4(), NOW)
        await nights.repository().remove_condemned(condemned.mark_id, LATER)
        assert await nights.dump(second) == data

    @pytest.mark.parametrize(("damage", "read_percent"), [(rot, 100), (lose, 0)], ids=["rotten", "lost"])
    async def test_a_base_that_outlived_its_backup_and_is_no_more_is_named_by_a_check(
        self, nights: Nights, store: ObjectStore, damage: Damage, read_percent: int
    ) -> None:
        """Before anybody restores what is stored against it."""
        table = Table(SMALL)
        first = await nights.back_up(table.dump())
        table.night()
        later = await nights.back_up(table.dump())
        [base] = first.database.contents
        assert later.database.chain
        assert base in later.database.chain.named()
        assert base not in later.database.contents
        await nights.repository().erase_manifest(tombstone(first.backup_id, nights.environment_id, Burial.DELETED))
        assert (await nights.repository().check(read_percent=100, seed=1)).damage_count == 0
        await damage(store, KEY, nights.environment_id, base)
        report = await nights.repository().check(read_percent=read_percent, seed=1)
        told = {one.place: one.reason for one in report.damages if one.backup_id == later.backup_id}
        reason = told["an earlier dump that the database is stored against"]
        assert base in reason or "damaged" in reason
        assert report.damage_count == len(told)

    async def test_a_damaged_base_costs_room_and_not_the_backup(self, nights: Nights, store: ObjectStore) -> None:
        table = Table()
        first = await nights.back_up(table.dump())
        await rot(store, KEY, nights.environment_id, first.database.contents[1])
        table.night()
        data = table.dump()
        later = await nights.back_up(data)
        assert await nights.dump(later) == data

    async def test_a_base_that_is_gone_makes_the_next_dump_a_full_one(self, nights: Nights) -> None:
        table = Table()
        first = await nights.back_up(table.dump())
        await nights.repository().erase_manifest(tombstone(first.backup_id, nights.environment_id, Burial.DELETED))
        condemned = await nights.repository().condemn(uuid4(), NOW)
        table.night()
        data = table.dump()
        later = await nights.back_up(data)
        assert later.database.chain is not None
        assert later.database.chain.full is None
        await nights.repository().remove_condemned(condemned.mark_id, LATER)
        assert await nights.dump(later) == data


class DumpRules(DumpBehaviour):
    """And what follows from sizes and order alone, whatever keeps the bytes: a server would only be slower."""

    async def test_a_night_reads_once_what_it_builds_upon_and_the_first_nothing(
        self, nights: Nights, store: ObjectStore
    ) -> None:
        table, counted = Table(4 * ROWS), Counted(store)
        nights.root = RepositoryV2(counted, KEY)
        first = await nights.back_up(table.dump())
        assert nights.read_back == [0]
        while first.database.chain and nights.taken < 4:
            table.night(0.02)
            before = counted.read_bytes
            later = await nights.back_up(table.dump())
            assert nights.read_back[-1] <= counted.read_bytes - before
            assert first.database.stored_bytes / 2 < nights.read_back[-1] < 1.2 * first.database.stored_bytes
        assert later.database.chain
        assert later.database.chain.anchor

    async def test_a_dump_that_lies_all_elsewhere_reads_no_more_than_a_night_may(self, nights: Nights) -> None:
        segments = [random.Random(number).randbytes(CONTENT_BYTES) for number in range(8)]  # noqa: S311 -- the same each time
        first = await nights.back_up(b"".join(segments))
        turned = b"".join([b"a table that is new\n" * 50_000, *(segments[at] for at in (0, 3, 6, 1, 4, 7, 2, 5))])
        later = await nights.back_up(turned)
        assert nights.read_back[1] < most_read(first.database.stored_bytes) + 6 * CONTENT_BYTES
        assert await nights.dump(later) == turned

    async def test_what_never_changes_does_not_count_as_what_a_night_took(self, nights: Nights) -> None:
        still, live, taken = Table(2 * ROWS, seed=1).dump(), Table(), list[DatabasePart]()
        for _ in range(5):
            taken.append((await nights.back_up(still + live.dump())).database)
            live.night()
        assert max(shares(taken)[1:]) < 0.05

    async def test_an_unchanged_dump_stores_nothing_but_its_manifest(self, nights: Nights) -> None:
        data = Table().dump()
        for _ in range(2):
            first = await nights.back_up(data)
        assert first.database.stored_bytes == 0
        assert await nights.dump(first) == data

    async def test_a_dump_of_something_else_is_hardly_larger_than_without_an_earlier_one(
        self, nights: Nights, store: ObjectStore
    ) -> None:
        table, other = Table(), Table()
        other.random.seed(1)
        other.rows = [other.row(number) for number in range(ROWS)]
        await nights.back_up(table.dump())
        later = await nights.back_up(other.dump())
        alone = await Nights(RepositoryV2(store, KEY), uuid4()).back_up(other.dump())
        assert later.database.stored_bytes <= 1.02 * alone.database.stored_bytes
        assert await nights.dump(later) == other.dump()

    async def test_tables_in_another_order_are_still_found(self, nights: Nights) -> None:
        data = Table().dump()
        first = await nights.back_up(data)
        half = CONTENT_BYTES + 1_000_003
        turned = b"a table that is new\n" * 1000 + data[half:] + data[:half]
        later = await nights.back_up(turned)
        assert later.database.stored_bytes < 0.5 * first.database.stored_bytes
        assert await nights.dump(later) == turned

    @pytest.mark.parametrize("size_bytes", [0, 1, 1000, CONTENT_BYTES, CONTENT_BYTES + 1])
    async def test_small_dumps_and_even_ones(self, nights: Nights, size_bytes: int) -> None:
        data = random.Random(size_bytes).randbytes(size_bytes)  # noqa: S311 -- the same each time
        for changed in (data, data[: size_bytes // 2] + b"x" + data[size_bytes // 2 :], data[1:]):
            assert await nights.dump(await nights.back_up(changed)) == changed
