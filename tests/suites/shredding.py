"""How an environment's backups are made unreadable for good, on whatever object store."""

import os
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contracts.defaults import CONDEMNED_HOURS
from contracts.manifest import Burial, Tombstone
from services.platform.objectstore import ObjectStore
from services.platform.repository import EnvironmentRepository, Remains, Repository, RepositoryV2
from services.platform.repository.errors import KeyDestroyedError, RepositoryError, RepositoryKeyError
from services.platform.repository.layout import KEYS, content_prefix, key_prefix, manifest_prefix, prefix
from services.platform.repository.recovering import by_master_key, by_recovery_key
from services.platform.repository.wraps import Wraps
from tests.suites.reclaim import Backups
from tests.suites.repository import KEY, packs_of, read
from tests.support.first_backups import FirstBackups
from tests.support.manifests import tombstone

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PAIR = X25519PrivateKey.generate()


async def shred(repository: EnvironmentRepository) -> Remains:
    """All of it, as the job does; what is left."""
    shredding = repository.shredding()
    numbers = await shredding.keys()
    await shredding.destroy_keys(numbers, NOW)
    await bury(repository, numbers)
    await shredding.remove_first_format()
    return await shredding.remains()


async def bury(repository: EnvironmentRepository, numbers: range) -> int:
    return await repository.shredding().bury(
        lambda backup_id: tombstone(backup_id, repository.environment_id, Burial.DELETED), numbers.stop
    )


async def objects(store: ObjectStore, below: str) -> dict[str, bytes]:
    return {info.key: await store.get(info.key) async for info in store.list(below)}


class ShreddingBehaviour:
    """A subclass brings the fixture `store`: a new, empty object store."""

    @pytest.fixture
    def secret_root(self, store: ObjectStore) -> Repository:
        return RepositoryV2(store, KEY, wraps=Wraps(store, KEY, PAIR.public_key().public_bytes_raw()))

    @pytest.fixture
    def secrets(self, secret_root: Repository) -> Backups:
        return Backups(secret_root.of(uuid4()))

    async def test_no_key_opens_what_was_shredded(
        self, store: ObjectStore, secret_root: Repository, secrets: Backups
    ) -> None:
        environment_id = secrets.repository.environment_id
        whole = await secrets.take(b"a secret")
        await Wraps(store, KEY).add(environment_id)
        await Backups(secret_root.of(environment_id)).take(os.urandom(1000))
        wraps = await objects(store, key_prefix(environment_id))
        left = await shred(secret_root.of(environment_id))
        assert left.packs == len(await objects(store, f"{prefix(environment_id)}packs/")) == 2
        for there in (await objects(store, "")).values():
            assert not any(wrap in there for wrap in wraps.values())
            assert b"by_master" not in there
            assert b"by_recovery" not in there
        for opened in (
            by_master_key(store, store, KEY),
            by_recovery_key(store, store, PAIR.private_bytes_raw()),
            RepositoryV2(store, KEY),
        ):
            with pytest.raises(RepositoryError):
                await read(opened.of(environment_id), whole.database.contents)
            with pytest.raises(RepositoryError):
                await opened.of(environment_id).read_manifest(whole.backup_id)

    async def test_who_only_reads_finds_no_backup_and_no_damage(
        self, store: ObjectStore, secret_root: Repository, secrets: Backups
    ) -> None:
        environment_id = secrets.repository.environment_id
        for number in range(20):
            await Backups(secret_root.of(environment_id)).take(b"%d" % number)
        await shred(secret_root.of(environment_id))
        for opened in (by_master_key(store, store, KEY), by_recovery_key(store, store, PAIR.private_bytes_raw())):
            reader = opened.of(environment_id)
            report = await reader.check(read_percent=100, seed=0)
            assert (report.backups, report.damage_count) == (0, 0)
            assert [verdict.manifest async for verdict in reader.manifests()] == [None] * 20

    async def test_with_its_wraps_back_it_could_be_read(
        self, store: ObjectStore, secret_root: Repository, secrets: Backups
    ) -> None:
        environment_id = secrets.repository.environment_id
        whole = await secrets.take(b"a secret")
        wraps = await objects(store, key_prefix(environment_id))
        await shred(secret_root.of(environment_id))
        for key, wrap in wraps.items():
            await store.put(key, wrap)
        assert await read(secret_root.of(environment_id), whole.database.contents) == b"dump a secret"

    async def test_every_manifest_gives_way_to_a_tombstone_and_a_tombstone_stays(
        self, store: ObjectStore, secret_root: Repository, secrets: Backups
    ) -> None:
        environment_id = secrets.repository.environment_id
        taken = [await secrets.take(b"%d" % number) for number in range(3)]
        failed = tombstone(uuid4(), environment_id, Burial.FAILED)
        await secrets.repository.bury(failed)
        damaged = uuid4()
        await store.put(f"{manifest_prefix(environment_id)}{damaged}", b"damaged")
        await shred(secret_root.of(environment_id))
        later = secret_root.of(environment_id)
        for backup_id in (damaged, *(whole.backup_id for whole in taken)):
            verdict = await later.verdict(backup_id)
            assert verdict is not None
            assert isinstance(verdict.decided, Tombstone)
            assert verdict.decided.why is Burial.DELETED
        found = await later.verdict(failed.backup_id)
        assert found is not None
        assert found.decided == failed

    async def test_what_the_first_format_left_is_removed(self, store: ObjectStore, secret_root: Repository) -> None:
        environment_id = uuid4()
        first = await FirstBackups(store, KEY, environment_id).take(b"in the clear")
        other_id = uuid4()
        other = await FirstBackups(store, KEY, other_id).take(b"another's")
        await shred(secret_root.of(environment_id))
        assert await objects(store, content_prefix(environment_id)) == {}
        assert not any(b"clear" in there for there in (await objects(store, prefix(environment_id))).values())
        with pytest.raises(RepositoryError):
            await secret_root.of(environment_id).read_manifest(first.backup_id)
        assert await read(secret_root.of(other_id), other.database.contents) == b"another's"

    async def test_a_later_backup_has_a_fresh_key_and_shares_nothing_with_what_was_shredded(
        self, store: ObjectStore, secret_root: Repository, secrets: Backups
    ) -> None:
        environment_id = secrets.repository.environment_id
        before = await secrets.take(b"the same")
        await shred(secret_root.of(environment_id))
        later = Backups(secret_root.of(environment_id))
        whole = await later.take(b"the same")
        assert set(whole.database.contents).isdisjoint(before.database.contents)
        assert await later.dump(whole) == b"dump the same"
        another = secret_root.of(environment_id)
        assert await another.read_manifest(whole.backup_id) == whole
        assert set(await objects(store, key_prefix(environment_id))) == {
            f"{key_prefix(environment_id)}{number}" for number in (0, 1)
        }
        assert (await another.check(read_percent=100, seed=0)).damage_count == 0

    async def test_other_environments_are_left_alone(self, secret_root: Repository, secrets: Backups) -> None:
        other = Backups(secret_root.of(uuid4()))
        whole = await other.take(b"another's")
        await secrets.take(b"a secret")
        await shred(secret_root.of(secrets.repository.environment_id))
        again = Backups(secret_root.of(other.repository.environment_id))
        assert await again.dump(await again.repository.read_manifest(whole.backup_id)) == b"dump another's"

    async def test_its_room_is_reclaimed_without_a_key(
        self, store: ObjectStore, secret_root: Repository, secrets: Backups
    ) -> None:
        environment_id = secrets.repository.environment_id
        await secrets.take(os.urandom(5000))
        left = await shred(secret_root.of(environment_id))
        again = secret_root.of(environment_id)
        assert (await again.space()).reclaimable_bytes == left.bytes
        condemned = await again.condemn(uuid4(), NOW)
        assert condemned.bytes == left.bytes
        reclaimed = await again.remove_condemned(condemned.mark_id, NOW + timedelta(hours=CONDEMNED_HOURS))
        assert (reclaimed.objects, reclaimed.bytes) == (left.packs, left.bytes)
        assert await again.shredding().remains() == Remains(0, 0)
        assert [key for key in await objects(store, prefix(environment_id)) if "/index/" in key] == []
        assert len(await objects(store, KEYS)) == 1

    async def test_a_worker_that_comes_late_harms_no_backup_that_was_taken_since(
        self, secret_root: Repository, secrets: Backups
    ) -> None:
        environment_id = secrets.repository.environment_id
        await secrets.take(b"a secret")
        late = secret_root.of(environment_id)
        numbers = await late.shredding().keys()
        await shred(secret_root.of(environment_id))
        later = Backups(secret_root.of(environment_id))
        whole = await later.take(b"taken since")
        await late.shredding().destroy_keys(numbers, NOW)
        await bury(late, numbers)
        again = Backups(secret_root.of(environment_id))
        assert await again.repository.read_manifest(whole.backup_id) == whole
        assert await again.dump(whole) == b"dump taken since"

    async def test_what_a_late_writer_stores_under_a_destroyed_key_is_in_nobodys_way(
        self, store: ObjectStore, secret_root: Repository, secrets: Backups
    ) -> None:
        environment_id = secrets.repository.environment_id
        prepared = await secrets.prepare(b"half a backup")
        await shred(secret_root.of(environment_id))
        later = Backups(secret_root.of(environment_id))
        whole = await later.take(b"taken since")
        await secrets.repository.put_manifest(prepared)
        again = Backups(secret_root.of(environment_id))
        assert await again.dump(whole) == b"dump taken since"
        with pytest.raises(KeyDestroyedError):
            await again.repository.read_manifest(prepared.backup_id)
        await shred_leftovers(secret_root.of(environment_id))
        condemned = await secret_root.of(environment_id).condemn(uuid4(), NOW)
        await again.repository.remove_condemned(condemned.mark_id, NOW + timedelta(hours=CONDEMNED_HOURS))
        assert await packs_of(store, again.repository)
        assert await Backups(secret_root.of(environment_id)).dump(whole) == b"dump taken since"

    async def test_a_second_shredding_ends_what_was_taken_since(
        self, store: ObjectStore, secret_root: Repository, secrets: Backups
    ) -> None:
        environment_id = secrets.repository.environment_id
        await secrets.take(b"a secret")
        await shred(secret_root.of(environment_id))
        whole = await Backups(secret_root.of(environment_id)).take(b"another")
        assert await secret_root.of(environment_id).shredding().keys() == range(1, 2)
        await shred(secret_root.of(environment_id))
        assert await secret_root.of(environment_id).shredding().keys() == range(2, 2)
        with pytest.raises(RepositoryError):
            await read(by_master_key(store, store, KEY).of(environment_id), whole.database.contents)

    async def test_manifests_that_are_not_buried_yet_go_in_the_ordinary_way_and_are_in_nobodys(
        self, secret_root: Repository, secrets: Backups
    ) -> None:
        environment_id = secrets.repository.environment_id
        taken = [await secrets.take(b"%d" % number) for number in range(2)]
        shredding = secrets.repository.shredding()
        await shredding.destroy_keys(await shredding.keys(), NOW)
        later = secret_root.of(environment_id)
        assert [verdict async for verdict in later.manifests()] == []
        space = await later.space()
        condemned = await later.condemn(uuid4(), NOW)
        assert (space.backups, condemned.bytes) == (0, space.reclaimable_bytes)
        reclaimed = await later.remove_condemned(condemned.mark_id, NOW + timedelta(hours=CONDEMNED_HOURS))
        assert reclaimed.bytes == condemned.bytes > 0
        for whole in taken:
            for _ in range(2):
                await Backups(later).erase(whole.backup_id)
            verdict = await later.verdict(whole.backup_id)
            assert verdict is not None
            assert isinstance(verdict.decided, Tombstone)

    async def test_a_wrap_below_a_destroyed_one_is_destroyed_as_well(
        self, store: ObjectStore, secret_root: Repository, secrets: Backups
    ) -> None:
        environment_id = secrets.repository.environment_id
        whole = await secrets.take(b"a secret")
        wraps = await objects(store, key_prefix(environment_id))
        await Wraps(store, KEY).add(environment_id)
        await shred(secret_root.of(environment_id))
        for key, wrap in wraps.items():  # somebody brought the first back from a copy
            await store.put(key, wrap)
        assert await secret_root.of(environment_id).shredding().keys() == range(2)
        await shred(secret_root.of(environment_id))
        assert await secret_root.of(environment_id).shredding().keys() == range(2, 2)
        await only_stones(store, environment_id, 2)
        with pytest.raises(RepositoryError):
            await read(by_master_key(store, store, KEY).of(environment_id), whole.database.contents)

    async def test_wraps_on_both_sides_of_a_gap_are_destroyed_and_the_gap_is_never_filled(
        self, store: ObjectStore, secret_root: Repository, secrets: Backups
    ) -> None:
        environment_id = secrets.repository.environment_id
        await secrets.take(b"a secret")
        for _ in range(2):
            await Wraps(store, KEY).add(environment_id)
        await store.delete(f"{key_prefix(environment_id)}1")
        await shred(secret_root.of(environment_id))
        await only_stones(store, environment_id, 3)
        assert await Backups(secret_root.of(environment_id)).take(b"another")
        assert f"{key_prefix(environment_id)}3" in await objects(store, KEYS)

    async def test_a_key_that_lies_where_none_belongs_ends_it(
        self, store: ObjectStore, secret_root: Repository, secrets: Backups
    ) -> None:
        environment_id = secrets.repository.environment_id
        await secrets.take(b"a secret")
        wrap = await store.get(f"{key_prefix(environment_id)}0")
        for name in ("0.bak", "00", "old/7"):
            key = f"{key_prefix(environment_id)}{name}"
            await store.put(key, wrap)
            with pytest.raises(RepositoryKeyError, match=key):
                await shred(secret_root.of(environment_id))
            await store.delete(key)
        await shred(secret_root.of(environment_id))

    async def test_a_damaged_wrap_is_destroyed_as_well(
        self, store: ObjectStore, secret_root: Repository, secrets: Backups
    ) -> None:
        environment_id = secrets.repository.environment_id
        await secrets.take(b"a secret")
        await store.put(f"{key_prefix(environment_id)}0", b"damaged")
        await shred(secret_root.of(environment_id))
        assert await Backups(secret_root.of(environment_id)).take(b"another")


async def only_stones(store: ObjectStore, environment_id: UUID, count: int) -> None:
    there = await objects(store, key_prefix(environment_id))
    assert len(there) == count
    assert all(b"nightkeep-key-destroyed" in stone for stone in there.values())


async def shred_leftovers(repository: EnvironmentRepository) -> None:
    """A manifest that came late is no backup: the next shredding, or whoever looks, buries it."""
    await bury(repository, range(1))
