"""How room is given back, whatever the stored format and the object store: condemn, wait, mark again, remove."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.condemned import CondemnedPart
from contracts.defaults import CONDEMNED_HOURS
from contracts.manifest import Burial, DatabasePart, DocumentLine, Manifest
from services.platform.objectstore import (
    ALWAYS,
    Faults,
    FaultyObjectStore,
    ObjectInfo,
    ObjectStore,
    StoreUnavailableError,
)
from services.platform.repository import Condemned, EnvironmentRepository, Reclaimed, Repository, RepositoryV2
from services.platform.repository.errors import ManifestCorruptError, RemovalTooEarlyError
from services.platform.repository.layout import condemned_prefix, pack_prefix, prefix
from services.platform.repository.reclaim import STORE_CLOCK
from services.platform.repository.stored_index import StoredIndex
from services.platform.repository.wraps import Wraps
from tests.suites.repository import KEY, pieces, read
from tests.support.damaging import rot
from tests.support.manifests import manifest, tombstone

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=CONDEMNED_HOURS)
NOTHING = Reclaimed(0, 0, 0)


class Backups:
    """Backups of one environment that hold one document each."""

    def __init__(self, repository: EnvironmentRepository) -> None:
        self.repository = repository

    async def take(self, document: bytes, backup_id: UUID | None = None) -> Manifest:
        """Begin one, store a dump and the document, and put the manifest."""
        whole = await self.prepare(document, backup_id)
        assert (await self.repository.put_manifest(whole)).manifest
        return whole

    async def take_beside(self, document: bytes, garbage: bytes) -> Manifest:
        """Take one in whose pack something lies that nothing needs."""
        whole = await self.prepare(document)
        await self.repository.store_bytes(garbage)
        assert (await self.repository.put_manifest(whole)).manifest
        return whole

    async def prepare(self, document: bytes, backup_id: UUID | None = None) -> Manifest:
        """The same, but for the manifest."""
        repository = self.repository
        template = manifest(backup_id or uuid4(), repository.environment_id, repository.key_id)
        await repository.begin_backup(template.backup_id)
        database = await self.store_dump(template.database, b"dump " + document)
        stored = await repository.store_bytes(document)
        line = DocumentLine(
            id=uuid4(),
            place=str(uuid4()),
            size=len(document),
            stamp="1",
            settled=True,
            referenced=None,
            contents=stored.contents,
            hash=stored.hash,
        )
        listing = await repository.store_bytes(line.model_dump_json().encode() + b"\n")
        lines = template.files.listing.model_copy(
            update={"contents": listing.contents, "hash": listing.hash, "count": 1}
        )
        files = template.files.model_copy(update={"listing": lines, "dangling": None})
        return template.model_copy(update={"database": database, "files": files})

    async def store_dump(self, part: DatabasePart, dump: bytes) -> DatabasePart:
        """Store it by itself, and tell so in this part of a manifest."""
        stored = await self.repository.store(pieces(dump))
        return part.model_copy(update={"contents": stored.contents, "hash": stored.hash})

    async def erase(self, backup_id: UUID) -> None:
        """Delete one."""
        stone = tombstone(backup_id, self.repository.environment_id, Burial.DELETED)
        await self.repository.erase_manifest(stone)

    async def dump(self, whole: Manifest) -> bytes:
        """What a restore would load."""
        return await read(self.repository, whole.database.contents)


async def cut_footers(store: ObjectStore, environment_id: UUID) -> None:
    """Let no pack tell of itself any more: only an index does."""
    async for info in store.list(pack_prefix(environment_id)):
        await store.put(info.key, (await store.get(info.key))[:-1])


class Late:
    """A store where a mark is told of another pack just before its parts are listed."""

    def __init__(self, inner: ObjectStore, environment_id: UUID, mark_id: UUID, place: str) -> None:
        self._inner = inner
        self._prefix = condemned_prefix(environment_id, mark_id)
        self._part = CondemnedPart(mark_id=mark_id, environment_id=environment_id, objects=(place,))
        self.told = False

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- whatever the real one has
        return getattr(self._inner, name)

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        """See ObjectStore."""
        if prefix == self._prefix and not self.told:
            self.told = True
            await self._inner.put(f"{prefix}{uuid4()}", self._part.model_dump_json().encode())
        async for info in self._inner.list(prefix):
            yield info


class ReclaimBehaviour:
    """A subclass brings the fixture `store`: a new, empty object store."""

    @pytest.fixture
    def root(self, store: ObjectStore) -> Repository:
        return RepositoryV2(store, KEY)

    @pytest.fixture
    def environment_id(self) -> UUID:
        return uuid4()

    @pytest.fixture
    def backups(self, root: Repository, environment_id: UUID) -> Backups:
        return Backups(root.of(environment_id))

    @pytest.fixture
    def others(self, root: Repository, environment_id: UUID) -> Backups:
        """Another process."""
        return Backups(root.of(environment_id))

    async def test_what_a_backup_refers_to_is_never_condemned(self, backups: Backups) -> None:
        whole = await backups.take(b"kept")
        condemned = await backups.repository.condemn(uuid4(), NOW)
        assert (condemned.contents, condemned.bytes) == (0, 0)
        reclaimed = await backups.repository.remove_condemned(condemned.mark_id, LATER)
        assert reclaimed == replace(NOTHING, whole=True)
        assert await backups.dump(whole) == b"dump kept"

    async def test_what_an_erased_backup_left_is_removed_after_its_time_and_the_rest_stays(
        self, backups: Backups, others: Backups, store: ObjectStore
    ) -> None:
        kept = await backups.take(b"kept")
        gone = await others.take(os.urandom(100_000))
        await backups.erase(gone.backup_id)
        before = await _stored_bytes(store)
        condemned = await backups.repository.condemn(uuid4(), NOW)
        assert condemned.contents == 3
        assert condemned.bytes > 200_000
        assert await _stored_bytes(store) >= before
        reclaimed = await backups.repository.remove_condemned(condemned.mark_id, LATER)
        assert reclaimed.contents == 3
        assert reclaimed.bytes == condemned.bytes
        assert await _stored_bytes(store) < before - 200_000
        assert await backups.dump(kept) == b"dump kept"

    async def test_those_are_named_for_which_content_stays(self, backups: Backups, environment_id: UUID) -> None:
        shared = [await backups.take(b"shared") for _ in range(3)]
        await backups.take(b"another")
        gone = await backups.take(b"shared")
        await backups.repository.bury(tombstone(uuid4(), environment_id))
        found = await backups.repository.sharing(gone.backup_id)
        assert (found.count, set(found.newest)) == (3, {one.backup_id for one in shared})
        await backups.erase(gone.backup_id)
        assert (await backups.repository.sharing(gone.backup_id)).count == 0

    async def test_condemned_content_is_not_removed_before_its_time(self, backups: Backups) -> None:
        gone = await backups.take(b"gone")
        await backups.erase(gone.backup_id)
        condemned = await backups.repository.condemn(uuid4(), NOW)
        with pytest.raises(RemovalTooEarlyError):
            await backups.repository.remove_condemned(condemned.mark_id, LATER - timedelta(seconds=1))
        assert (await backups.repository.remove_condemned(condemned.mark_id, LATER)).contents == 3

    @pytest.mark.parametrize("end", ["manifest", "tombstone"])
    async def test_a_backup_that_had_begun_before_is_waited_for(
        self, backups: Backups, others: Backups, end: str
    ) -> None:
        running = await backups.prepare(b"under way")
        condemned = await others.repository.condemn(uuid4(), NOW)
        with pytest.raises(RemovalTooEarlyError, match=str(running.backup_id)):
            await others.repository.remove_condemned(condemned.mark_id, LATER)
        if end == "manifest":
            await backups.repository.put_manifest(running)
            assert await others.repository.remove_condemned(condemned.mark_id, LATER) == NOTHING
            assert await others.dump(running) == b"dump under way"
        else:
            await backups.repository.bury(tombstone(running.backup_id, running.environment_id))
            assert (await others.repository.remove_condemned(condemned.mark_id, LATER)).contents == condemned.contents

    @pytest.mark.parametrize("marked_while_it_ran", [False, True])
    async def test_a_backup_whose_tombstone_has_gone_is_not_waited_for(
        self, backups: Backups, others: Backups, *, marked_while_it_ran: bool
    ) -> None:
        gone = await backups.prepare(b"gone")
        mark_id = uuid4()
        if marked_while_it_ran:
            await others.repository.condemn(mark_id, NOW)
        await backups.repository.put_manifest(gone)
        await backups.erase(gone.backup_id)
        await backups.repository.remove_tombstone(gone.backup_id)
        await others.repository.condemn(mark_id, NOW)
        removed = await others.repository.remove_condemned(mark_id, LATER)
        later = await others.repository.condemn(uuid4(), LATER)
        rest = await others.repository.remove_condemned(later.mark_id, LATER + (LATER - NOW))
        assert (removed.contents + rest.contents) == 3

    async def test_a_backup_that_begins_after_the_mark_stores_condemned_content_again(
        self, backups: Backups, others: Backups
    ) -> None:
        document = os.urandom(1000)
        gone = await backups.take(document)
        await backups.erase(gone.backup_id)
        condemned = await backups.repository.condemn(uuid4(), NOW)
        await asyncio.sleep(STORE_CLOCK.total_seconds() + 1)  # what began within it counts as begun before
        running = await others.prepare(document)
        assert running.database.contents == gone.database.contents
        assert (await backups.repository.remove_condemned(condemned.mark_id, LATER)).contents
        await others.repository.put_manifest(running)
        assert await others.dump(running) == b"dump " + document

    async def test_what_is_none_of_ours_disturbs_nobody(
        self, backups: Backups, others: Backups, store: ObjectStore
    ) -> None:
        whole, gone = await backups.take(b"stays"), await backups.take(b"goes")
        await backups.erase(gone.backup_id)
        below = prefix(backups.repository.environment_id)
        strays = [f"{below}{place}" for place in ("packs/.DS_Store", "packs/ab/folder", "begun/folder", "content/x/y")]
        for key in strays:
            await store.put(key, b"left by a file manager")
        assert (await others.repository.space()).backups == 1
        condemned = await others.repository.condemn(uuid4(), NOW)
        assert (await others.repository.remove_condemned(condemned.mark_id, LATER)).contents
        assert await others.dump(await others.take(b"comes")) == b"dump comes"
        assert await others.dump(whole) == b"dump stays"
        assert (await others.repository.check(read_percent=100, seed=0)).damages == []
        assert [await store.get(key) for key in strays] == [b"left by a file manager"] * len(strays)

    async def test_what_a_backup_under_way_has_stored_is_left_for_the_next_one(
        self, backups: Backups, others: Backups
    ) -> None:
        running = await backups.prepare(b"under way")
        assert await backups.dump(running) == b"dump under way"  # and so in the store
        condemned = await others.repository.condemn(uuid4(), NOW)
        assert condemned.contents == 0
        await backups.repository.put_manifest(running)
        await others.repository.begin_backup(uuid4())
        assert not await others.repository.unusable(set(running.database.contents))

    async def test_what_a_backup_may_not_build_upon_is_named(self, backups: Backups, others: Backups) -> None:
        gone = await backups.take(b"gone")
        kept = await backups.take(b"kept")
        await backups.erase(gone.backup_id)
        await backups.repository.condemn(uuid4(), NOW)
        await others.repository.begin_backup(uuid4())
        names = {*gone.database.contents, *kept.database.contents}
        assert set(await others.repository.unusable(names)) == set(gone.database.contents)

    async def test_both_halves_may_be_repeated(self, backups: Backups) -> None:
        gone = await backups.take(b"gone")
        await backups.erase(gone.backup_id)
        mark_id = uuid4()
        first = await backups.repository.condemn(mark_id, NOW)
        assert await backups.repository.condemn(mark_id, LATER) == first == Condemned(mark_id, 3, first.bytes)
        assert (await backups.repository.remove_condemned(mark_id, LATER)).contents == 3
        assert await backups.repository.remove_condemned(mark_id, LATER) == NOTHING

    async def test_a_removal_that_was_broken_off_is_finished_by_the_next(
        self, store: ObjectStore, backups: Backups, environment_id: UUID
    ) -> None:
        kept, gone = await backups.take(b"kept"), await backups.take(b"gone")
        await backups.erase(gone.backup_id)
        condemned = await backups.repository.condemn(uuid4(), NOW)
        for faults in (Faults(after={"delete": 1}), Faults(after={"list": 1}), Faults(before={"get": 3})):
            faulty = FaultyObjectStore(store, faults)
            with pytest.raises(StoreUnavailableError):
                await RepositoryV2(faulty, KEY).of(environment_id).remove_condemned(condemned.mark_id, LATER)
        await backups.repository.remove_condemned(condemned.mark_id, LATER)
        assert (await backups.repository.condemn(uuid4(), NOW)).contents == 0
        assert await backups.dump(kept) == b"dump kept"

    async def test_what_is_condemned_while_others_remove_is_not_its_own_substitute(
        self, store: ObjectStore, backups: Backups, environment_id: UUID
    ) -> None:
        kept = await backups.take(b"kept")
        [pack] = [info.key async for info in store.list(pack_prefix(environment_id))]
        mark_id = (await backups.repository.condemn(uuid4(), NOW)).mark_id
        late = Late(store, environment_id, mark_id, pack.removeprefix(prefix(environment_id)))
        removing = RepositoryV2(late, KEY).of(environment_id)
        assert (await removing.remove_condemned(mark_id, LATER)).objects == 0
        assert late.told
        assert await backups.dump(kept) == b"dump kept"

    async def test_a_pack_of_which_something_needed_is_damaged_stays_and_the_rest_goes(
        self, store: ObjectStore, backups: Backups, environment_id: UUID
    ) -> None:
        whole = await backups.take_beside(b"half dead", garbage=os.urandom(100_000))
        gone = await backups.take(os.urandom(1000))
        await backups.erase(gone.backup_id)
        await rot(store, KEY, environment_id, whole.database.contents[0])
        condemned = await backups.repository.condemn(uuid4(), NOW)
        assert condemned.contents == 3
        assert (await backups.repository.remove_condemned(condemned.mark_id, LATER)).objects == 1
        erased = await backups.repository.erase(uuid4(), NOW)
        assert not (await backups.repository.remove_condemned(erased.mark_id, LATER)).whole
        await backups.repository.begin_backup(uuid4())
        assert await backups.repository.unusable(set(whole.database.contents))

    async def test_marks_that_were_killed_leave_no_copies_for_good(
        self, store: ObjectStore, backups: Backups, environment_id: UUID
    ) -> None:
        whole = await backups.take_beside(b"half dead", garbage=os.urandom(100_000))
        for _ in range(3):
            faulty = FaultyObjectStore(store, Faults(before={"put /condemned/": 1}))
            with pytest.raises(StoreUnavailableError):
                await RepositoryV2(faulty, KEY).of(environment_id).condemn(uuid4(), NOW)
        for _ in range(2):
            condemned = await backups.repository.condemn(uuid4(), NOW)
            await backups.repository.remove_condemned(condemned.mark_id, LATER)
        assert len([info async for info in store.list(pack_prefix(environment_id))]) == 1
        assert (await backups.repository.space()).reclaimable_bytes == 0
        assert await backups.dump(whole) == b"dump half dead"

    async def test_an_index_that_is_written_while_others_are_replaced_stays(
        self, store: ObjectStore, backups: Backups, others: Backups, environment_id: UUID
    ) -> None:
        await backups.take(b"before")
        ring = await Wraps(store, KEY).ring(environment_id)
        assert ring is not None
        index = StoredIndex(store, ring, uuid4)
        read_before = await index.load()
        await others.take(b"meanwhile")
        await index.merge(read_before)
        await cut_footers(store, environment_id)
        assert not (await index.load()).unreadable  # no footer was asked

    async def test_what_an_attempt_left_without_an_index_is_in_one_before_a_manifest_names_it(
        self, store: ObjectStore, environment_id: UUID
    ) -> None:
        faulty = FaultyObjectStore(store, Faults(before={"put /index/": ALWAYS}))
        with pytest.raises(StoreUnavailableError):
            await Backups(RepositoryV2(faulty, KEY).of(environment_id)).take(b"the same again")
        faulty = FaultyObjectStore(store, Faults(before={"put /index/": 1}))
        repository = RepositoryV2(faulty, KEY).of(environment_id)
        whole = await Backups(repository).prepare(b"the same again")
        with pytest.raises(StoreUnavailableError):
            await repository.put_manifest(whole)
        assert (await repository.put_manifest(whole)).manifest
        await cut_footers(store, environment_id)
        assert await Backups(RepositoryV2(store, KEY).of(environment_id)).dump(whole) == b"dump the same again"

    async def test_a_manifest_that_cannot_be_read_ends_the_mark(self, store: ObjectStore, backups: Backups) -> None:
        whole = await backups.take(b"kept")
        await backups.take(b"other")
        key = backups.repository.manifest_key(whole.backup_id)
        await store.put(key, b"{")
        with pytest.raises(ManifestCorruptError):
            await backups.repository.condemn(uuid4(), NOW)

    async def test_another_environment_loses_nothing(self, root: Repository, backups: Backups) -> None:
        other = Backups(root.of(uuid4()))
        kept = await other.take(b"kept")
        gone = await backups.take(b"kept")
        await backups.erase(gone.backup_id)
        condemned = await backups.repository.condemn(uuid4(), NOW)
        await backups.repository.remove_condemned(condemned.mark_id, LATER)
        assert await other.dump(kept) == b"dump kept"


async def _stored_bytes(store: ObjectStore) -> int:
    return sum([info.size_bytes async for info in store.list("environments/") if "/condemned/" not in info.key])
