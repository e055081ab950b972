"""How a repository is checked, whatever the object store: what is damaged is named by backup and place."""

import os
from uuid import uuid4

import pytest

from services.platform.objectstore import ObjectStore
from services.platform.repository import RepositoryV2
from services.platform.repository.layout import pack_prefix
from tests.suites.reclaim import Backups
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
