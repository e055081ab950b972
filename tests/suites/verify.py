"""How a repository is checked, whatever the object store: what is damaged is named by backup and place."""

import json
import os
from uuid import uuid4

import pytest

from services.platform.archives.damages import look_through
from services.platform.objectstore import ObjectStore
from services.platform.repository import RepositoryV2
from services.platform.repository.errors import ContentMissingError, RepositoryError
from services.platform.repository.layout import damaged_prefix, index_prefix, key_prefix, pack_prefix
from tests.suites.reclaim import LATER, NOW, Backups
from tests.suites.repository import KEY
from tests.support.damaging import rot


class VerifyBehaviour:
    """A subclass brings the fixture `store`: a new, empty object store."""

    @pytest.fixture
    def checked(self, store: ObjectStore) -> Backups:
        return Backups(RepositoryV2(store, KEY).of(uuid4()))

    async def test_what_is_sound_is_read_and_nothing_is_told(self, checked: Backups) -> None:
        for _ in range(2):
            await checked.take(os.urandom(10_000))
        report = await checked.repository.check(read_percent=100, seed=1)
        assert (report.backups, report.packs, report.damage_count) == (2, 2, 0)
        assert report.contents_read == 6
        assert report.bytes_read > 40_000
        assert (await checked.repository.check(read_percent=0, seed=1)).bytes_read == 0

    async def test_rot_is_named_by_backup_and_document_once_it_is_read(
        self, checked: Backups, store: ObjectStore
    ) -> None:
        document = os.urandom(10_000)
        whole = await checked.take(document)
        await checked.take(b"another")
        name = (await checked.repository.store_bytes(document)).contents[0]
        await rot(store, KEY, checked.repository.environment_id, name)
        assert (await checked.repository.check(read_percent=0, seed=1)).damage_count == 0
        report = await checked.repository.check(read_percent=100, seed=1)
        [damage] = report.damages
        assert damage.backup_id == whole.backup_id
        assert damage.place.startswith("document ")
        assert name in damage.reason or "damaged" in damage.reason

    async def test_what_is_damaged_is_stored_again_by_the_next_backup_and_sound_for_all(
        self, checked: Backups, store: ObjectStore
    ) -> None:
        document = os.urandom(10_000)
        for whole in (await checked.take(document), await checked.take(document)):
            assert await checked.dump(whole) == b"dump " + document
        names = [(await checked.repository.store_bytes(document)).contents[0], *whole.database.contents]
        for name in names:
            await rot(store, KEY, checked.repository.environment_id, name)
        report = await checked.repository.check(read_percent=100, seed=1)
        assert report.damage_count == 4
        for _ in range(2):
            await checked.repository.note_damaged(uuid4(), report.damaged_packs)
        assert len([info async for info in store.list(damaged_prefix(checked.repository.environment_id))]) == 1
        next_night = Backups(RepositoryV2(store, KEY).of(checked.repository.environment_id))
        backup_id = uuid4()
        await next_night.repository.begin_backup(backup_id)
        assert names[0] in await next_night.repository.unusable(set(names))
        await next_night.take(document, backup_id)
        assert await next_night.dump(whole) == b"dump " + document
        assert (await next_night.repository.check(read_percent=100, seed=1)).damage_count == 0
        condemned = await next_night.repository.condemn(uuid4(), NOW)
        assert (await next_night.repository.remove_condemned(condemned.mark_id, LATER)).objects == 1
        after = await next_night.repository.check(read_percent=100, seed=1)
        assert (after.damage_count, after.damaged_packs) == (0, set())
        assert not [info async for info in store.list(damaged_prefix(checked.repository.environment_id))]

    async def test_beside_a_pack_that_does_not_tell_what_it_holds_backups_and_reclaim_go_on(
        self, checked: Backups, store: ObjectStore
    ) -> None:
        environment_id = checked.repository.environment_id
        broken = await checked.take(b"in the broken pack")
        [pack] = [info.key async for info in store.list(pack_prefix(environment_id))]
        await store.put(pack, (await store.get(pack))[:-1])
        async for info in store.list(index_prefix(environment_id)):
            await store.delete(info.key)
        after = Backups(RepositoryV2(store, KEY).of(environment_id))
        with pytest.raises(ContentMissingError, match="does not end like one"):
            await after.dump(broken)
        with pytest.raises(RepositoryError):  # nobody knows what else it needs
            await after.repository.condemn(uuid4(), NOW)
        await after.erase(broken.backup_id)
        kept, gone = await after.take(b"kept"), await after.take(b"gone")
        await after.erase(gone.backup_id)
        condemned = await after.repository.condemn(uuid4(), NOW)
        assert (await after.repository.remove_condemned(condemned.mark_id, LATER)).objects == 1
        assert pack in [info.key async for info in store.list(pack_prefix(environment_id))]
        assert await after.dump(kept) == b"dump kept"

    @pytest.mark.parametrize("at", [0, 7, 40, -1])
    async def test_a_damaged_index_is_named_and_costs_nothing_but_time(
        self, checked: Backups, store: ObjectStore, at: int
    ) -> None:
        environment_id = checked.repository.environment_id
        await checked.take(b"one")
        [index] = [info.key async for info in store.list(index_prefix(environment_id))]
        stored = bytearray(await store.get(index))
        stored[at] ^= 1
        await store.put(index, bytes(stored))
        after = Backups(RepositoryV2(store, KEY).of(environment_id))
        whole = await after.take(b"two")
        assert await after.dump(whole) == b"dump two"
        [damage] = (await after.repository.check(read_percent=100, seed=1)).damages
        assert (damage.backup_id, damage.place) == (None, f"the index {index}")
        assert "no backup lacks anything" in damage.reason
        assert "remove this object" in damage.reason
        await store.delete(index)
        assert (await after.repository.check(read_percent=100, seed=1)).damage_count == 0
        assert await after.dump(whole) == b"dump two"

    async def test_an_index_of_a_newer_release_is_not_told_to_be_removed(
        self, checked: Backups, store: ObjectStore
    ) -> None:
        await checked.take(b"one")
        [index] = [info.key async for info in store.list(index_prefix(checked.repository.environment_id))]
        stored = await store.get(index)
        await store.put(index, stored[:4] + bytes([stored[4] + 1]) + stored[5:])
        [damage] = (await checked.repository.check(read_percent=0, seed=1)).damages
        assert damage.place == f"the index {index}"
        assert "upgrade" in damage.reason
        assert "remove" not in damage.reason

    @pytest.mark.parametrize("damage", ["no JSON", "sealed bytes", "another's"])
    async def test_a_damaged_wrap_is_named_with_what_to_do(
        self, checked: Backups, store: ObjectStore, damage: str
    ) -> None:
        environment_id = checked.repository.environment_id
        await checked.take(b"one")
        key = f"{key_prefix(environment_id)}0"
        wrap = json.loads(good := await store.get(key))
        match damage:
            case "no JSON":
                await store.put(key, good[:-5])
            case "sealed bytes":
                sealed = bytearray.fromhex(wrap["by_master"])
                sealed[20] ^= 1
                await store.put(key, json.dumps(wrap | {"by_master": sealed.hex()}).encode())
            case _:
                await store.put(key, json.dumps(wrap | {"environment_id": str(uuid4())}).encode())
        report = await look_through(RepositoryV2(store, KEY).of(environment_id), read_percent=0, seed=1)
        [told] = report.damages
        assert told.place == f"the wrapped key {key}"
        assert "put a copy of it back" in told.reason
        await store.put(key, good)
        repository = RepositoryV2(store, KEY).of(environment_id)
        assert (await look_through(repository, read_percent=0, seed=1)).damage_count == 0

    async def test_rot_in_a_dump_is_named_by_the_stretch(self, checked: Backups, store: ObjectStore) -> None:
        whole = await checked.take(os.urandom(10_000))
        await rot(store, KEY, checked.repository.environment_id, whole.database.contents[0])
        [damage] = (await checked.repository.check(read_percent=100, seed=1)).damages
        assert damage.backup_id == whole.backup_id
        assert damage.place.startswith("database dump, bytes 0 to")

    @pytest.mark.parametrize("what", ["lost", "cut", "manifest"])
    async def test_what_is_gone_is_found_without_reading_contents(
        self, checked: Backups, store: ObjectStore, what: str
    ) -> None:
        whole = await checked.take(os.urandom(50_000))
        kept = await checked.take(b"another")
        [key] = [
            info.key
            async for info in store.list(pack_prefix(checked.repository.environment_id))
            if info.size_bytes > 50_000
        ]
        match what:
            case "lost":
                await store.delete(key)
            case "cut":
                await store.put(key, (await store.get(key))[:60_000])
            case _:
                await store.put(checked.repository.manifest_key(whole.backup_id), b"NKSO")
        report = await checked.repository.check(read_percent=0, seed=1)
        assert report.damage_count > 0
        assert kept.backup_id not in {damage.backup_id for damage in report.damages}
