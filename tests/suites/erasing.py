"""How all that deleted backups have left is erased, whatever the object store, and what stays is whole throughout."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from contracts.manifest import Burial, Manifest
from services.platform.objectstore import Faults, FaultyObjectStore, ObjectStore, StoreUnavailableError
from services.platform.repository import EnvironmentRepository, Reclaimed, RepositoryV2
from services.platform.repository.errors import ChainChangedError
from services.platform.repository.layout import pack_prefix
from tests.history.stored import StoredEnvironment, own_of
from tests.suites.dumps import SMALL, Nights, Table
from tests.suites.reclaim import LATER, NOW
from tests.suites.repository import KEY, pieces
from tests.support.manifests import manifest, tombstone
from tests.support.memory_store import MemoryObjectStore


class Erased(Nights):
    """Nights of one environment of which some are deleted, and all that they left is erased."""

    def __init__(self, store: ObjectStore) -> None:
        super().__init__(RepositoryV2(store, KEY), uuid4())
        self.store = store
        self.there: list[tuple[Manifest, bytes]] = []
        self.marks: list[UUID] = []

    async def take(self, table: Table, count: int) -> None:
        """So many nights."""
        for _ in range(count):
            data = table.dump()
            self.there.append((await self.back_up(data), data))
            table.night()
            if isinstance(self.store, MemoryObjectStore):
                self.store.now += timedelta(hours=1)

    async def begun(self, data: bytes) -> tuple[EnvironmentRepository, Manifest]:
        """A backup under way that has stored all but its manifest."""
        repository, newest = self.repository(), self.newest
        assert newest is not None
        backup = manifest(uuid4(), self.environment_id, repository.key_id).backup
        await repository.begin_backup(backup.backup_id)
        dump = await repository.store_dump(pieces(data), newest.database)
        stored = {"contents": dump.sequence.contents, "hash": dump.sequence.hash, "bytes": dump.sequence.bytes}
        database = newest.database.model_copy(update={**stored, "chain": dump.chain})
        taken_at = newest.restore_point + timedelta(hours=1)
        return repository, newest.model_copy(update={"backup": backup, "database": database, "restore_point": taken_at})

    async def delete(self, at: int) -> None:
        backup_id = self.there.pop(at)[0].backup_id
        await self.repository().erase_manifest(tombstone(backup_id, self.environment_id, Burial.DELETED))

    async def erase(self) -> UUID:
        self.marks.append(uuid4())
        await self.repository().erase(self.marks[-1], NOW)
        return self.marks[-1]

    async def remove(self, mark_id: UUID) -> Reclaimed:
        return await self.repository().remove_condemned(mark_id, LATER)

    async def stored_bytes(self) -> int:
        return sum([info.size_bytes async for info in self.store.list(pack_prefix(self.environment_id))])

    async def objects(self) -> dict[str, bytes]:
        return {info.key: await self.store.get(info.key) async for info in self.store.list("")}

    async def all_is_there(self) -> None:
        """By us, and by a reader that knows the published format alone."""
        outsider = StoredEnvironment(await self.objects(), KEY, str(self.environment_id))
        for whole, data in self.there:
            read = await self.repository().read_manifest(whole.backup_id)
            assert await self.dump(read) == data
            assert outsider.sequence(outsider.decision(str(whole.backup_id))["database"]) == data
        assert (await self.repository().check(read_percent=100, seed=1)).damage_count == 0

    async def nothing_else_is_there(self) -> None:
        """No pack holds a content that no backup has as its own."""
        outsider = StoredEnvironment(await self.objects(), KEY, str(self.environment_id))
        packed = set().union(*outsider.packs().values())
        assert packed <= self.own(outsider, (str(whole.backup_id) for whole, _ in self.there))

    @staticmethod
    def own(outsider: StoredEnvironment, backup_ids: Iterable[str]) -> set[str]:
        return set().union(*(own_of(outsider.decision(backup_id)) for backup_id in backup_ids))


class ErasureBehaviour:
    """What a server might do otherwise than a directory. A subclass brings the fixture `store`: a new, empty one."""

    @pytest.fixture
    def erased(self, store: ObjectStore) -> Erased:
        return Erased(store)

    async def test_what_is_erased_again_and_again_grows_no_further(self, erased: Erased) -> None:
        await erased.take(Table(SMALL), 6)
        before = await erased.stored_bytes()
        while len(erased.there) > 1:
            await erased.delete(0)
            assert (await erased.remove(await erased.erase())).whole
            await erased.all_is_there()
            await erased.nothing_else_is_there()
            assert await erased.stored_bytes() < 1.1 * before
        await erased.delete(0)
        assert (await erased.remove(await erased.erase())).whole
        assert await erased.stored_bytes() == 0
        assert not [key for key in await erased.objects() if key.endswith(".chain")]

    async def test_where_no_dump_depends_on_it_none_is_stored_anew(self, erased: Erased) -> None:
        await erased.take(Table(SMALL), 3)
        await erased.delete(-1)
        assert (await erased.remove(await erased.erase())).whole
        await erased.nothing_else_is_there()
        await erased.all_is_there()
        assert not [key for key in await erased.objects() if key.endswith(".chain")]

    async def test_a_plain_mark_behind_a_broken_one_harms_nothing(self, erased: Erased) -> None:
        await erased.take(Table(SMALL), 4)
        await erased.delete(0)
        faulty = RepositoryV2(Breaking(erased.store, 5), KEY).of(erased.environment_id)
        with pytest.raises(StoreUnavailableError):
            await faulty.erase(uuid4(), NOW)
        await erased.delete(0)
        await erased.remove((await erased.repository().condemn(uuid4(), NOW)).mark_id)
        await erased.all_is_there()
        assert (await erased.remove(await erased.erase())).whole
        await erased.all_is_there()
        await erased.nothing_else_is_there()

    async def test_who_does_not_know_rewritten_chains_takes_them_for_damaged_manifests(self, erased: Erased) -> None:
        """So an earlier release removes nothing that only such a chain names."""
        await erased.take(Table(SMALL), 2)
        await erased.delete(0)
        await erased.erase()
        [key] = [key for key in await erased.objects() if key.endswith(".chain")]
        assert key.removesuffix(".chain") == erased.repository().manifest_key(erased.there[0][0].backup_id)
        assert (await erased.store.get(key))[:6] == b"NKSO\x02\x03", "sealed, of a kind that is no manifest's"

    async def test_a_damaged_chain_ends_a_mark_and_keeps_nobody_from_the_backup(self, erased: Erased) -> None:
        await erased.take(Table(SMALL), 2)
        await erased.delete(0)
        await erased.erase()
        [key] = [key for key in await erased.objects() if key.endswith(".chain")]
        await erased.store.put(key, b"NKSO")
        [(whole, data)] = erased.there
        assert await erased.dump(await erased.repository().read_manifest(whole.backup_id)) == data
        report = await erased.repository().check(read_percent=100, seed=1)
        [damage] = report.damages
        assert (damage.backup_id, damage.place) == (whole.backup_id, f"the chain {key}")
        assert "can be restored" in damage.reason
        assert "put a copy of it back" in damage.reason
        assert report.backups == 1
        await erased.delete(0)
        await erased.erase()
        for mark_id in erased.marks:
            await erased.remove(mark_id)
        assert (await erased.repository().check(read_percent=100, seed=1)).damages == []
        await erased.nothing_else_is_there()


class ErasureRules(ErasureBehaviour):
    """And what follows from the order of things alone, or is a matter of size, whatever keeps the bytes."""

    async def test_nothing_of_deleted_backups_is_left_and_the_others_are_whole(self, erased: Erased) -> None:
        await erased.take(Table(), 7)
        before = await erased.stored_bytes()
        await erased.delete(0)
        await erased.delete(2)
        mark_id = await erased.erase()
        await erased.all_is_there()
        reclaimed = await erased.remove(mark_id)
        assert reclaimed.whole
        await erased.all_is_there()
        await erased.nothing_else_is_there()
        assert await erased.stored_bytes() < 1.1 * before

    async def test_the_next_night_is_stored_against_what_was_stored_anew(self, erased: Erased) -> None:
        table = Table()
        await erased.take(table, 3)
        full = erased.there[0][0].database.stored_bytes
        await erased.delete(0)
        await erased.remove(await erased.erase())
        erased.newest = await erased.repository().read_manifest(erased.there[-1][0].backup_id)
        await erased.take(table, 1)
        assert erased.there[-1][0].database.stored_bytes < 0.1 * full
        await erased.all_is_there()

    @pytest.mark.parametrize("at", range(0, 12, 2))
    async def test_one_that_is_broken_off_anywhere_harms_nothing_and_the_next_goes_on(
        self, erased: Erased, at: int
    ) -> None:
        await erased.take(Table(SMALL), 4)
        await erased.delete(0)
        before, mark_id = await erased.stored_bytes(), uuid4()
        faulty = RepositoryV2(Breaking(erased.store, at), KEY).of(erased.environment_id)
        with pytest.raises(StoreUnavailableError):
            await faulty.erase(mark_id, NOW)
        await erased.all_is_there()
        assert (await erased.repository().erase(mark_id, NOW)).mark_id == mark_id
        await erased.all_is_there()
        reclaimed = await erased.remove(mark_id)
        assert reclaimed.objects
        if not reclaimed.whole:
            assert (await erased.remove(await erased.erase())).whole
        await erased.all_is_there()
        await erased.nothing_else_is_there()
        assert await erased.stored_bytes() < 1.1 * before

    async def test_a_backup_that_had_begun_before_keeps_its_base_until_the_next_time(self, erased: Erased) -> None:
        table = Table(SMALL)
        await erased.take(table, 2)
        repository, later = await erased.begun(table.dump())
        await erased.delete(0)
        await _erased_only_the_next_time(erased, repository, later, table.dump())

    async def test_what_it_was_stored_against_stays_no_deeper_than_it_was(self, erased: Erased) -> None:
        """The anchor, a delta of a full dump, becomes a delta of a delta of another one: what is upon it would not."""
        table = Table(SMALL)
        for _ in range(2):
            erased.newest = None
            await erased.take(table, 1)
            table.night(0.05)
            await erased.take(table, 2)
        repository, later = await erased.begun(table.dump())
        assert later.database.chain
        assert later.database.chain.anchor
        await erased.delete(3)
        await _erased_only_the_next_time(erased, repository, later, table.dump())

    async def test_a_backup_that_begins_behind_it_builds_upon_nothing_of_it(self, erased: Erased) -> None:
        table = Table(SMALL)
        await erased.take(table, 3)
        await erased.delete(0)
        before = erased.newest  # as who read it before
        mark_id = await erased.erase()
        erased.newest = before
        await erased.take(table, 1)
        assert (await erased.remove(mark_id)).whole
        await erased.all_is_there()
        await erased.nothing_else_is_there()

    async def test_a_worker_that_slept_rewrites_nothing_that_another_has_rewritten(self, erased: Erased) -> None:
        await erased.take(Table(SMALL), 2)
        await erased.delete(0)
        sleeping = RepositoryV2(Overtaken(erased), KEY).of(erased.environment_id)
        with pytest.raises(ChainChangedError):
            await sleeping.erase(uuid4(), NOW)
        await erased.all_is_there()
        await erased.erase()
        for mark_id in erased.marks:
            await erased.remove(mark_id)
        await erased.all_is_there()
        await erased.nothing_else_is_there()


class Breaking(FaultyObjectStore):
    """Breaks off at a put; at every second one when it has taken effect."""

    def __init__(self, inner: ObjectStore, at: int) -> None:
        super().__init__(inner, Faults())
        self.left = at
        self.when = self.faults.after if at % 4 else self.faults.before

    async def put(self, key: str, data: bytes, *, only_if_absent: bool = False) -> str:
        """See ObjectStore."""
        if self.left == 0:
            self.when["put"] = 1000
        self.left -= 1
        return await super().put(key, data, only_if_absent=only_if_absent)


class Overtaken(FaultyObjectStore):
    """Of a worker that sleeps before it puts a chain, until another one has done all."""

    def __init__(self, erased: Erased) -> None:
        super().__init__(erased.store, Faults())
        self.erased = erased

    async def put(self, key: str, data: bytes, *, only_if_absent: bool = False) -> str:
        """See ObjectStore."""
        if key.endswith(".chain"):
            await self.erased.erase()
        return await super().put(key, data, only_if_absent=only_if_absent)


async def _erased_only_the_next_time(
    erased: Erased, repository: EnvironmentRepository, later: Manifest, data: bytes
) -> None:
    """An erasure while `later` is under way, stored against what is to go, and the one behind it."""
    mark_id = await erased.erase()
    assert (await repository.put_manifest(later)).manifest
    erased.there.append((later, data))
    assert not (await erased.remove(mark_id)).whole
    await erased.all_is_there()
    assert (await erased.remove(await erased.erase())).whole
    await erased.all_is_there()
    await erased.nothing_else_is_there()
