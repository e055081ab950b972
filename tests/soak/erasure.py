"""Work that erases a backup upon which later ones were built: see `tests.soak.works`."""

import secrets
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from uuid import UUID, uuid4

from contracts.manifest import DumpImage
from contracts.states import BackupState
from services.platform.repository import EnvironmentRepository, RepositoryV2
from services.platform.repository.keys import read_key_file
from tests.history.stored import StoredEnvironment, own_of
from tests.soak.works import until_known
from tests.soak.world import World


@dataclass(frozen=True)
class _Store:
    """Production's backups, as somebody else reads them who has the bucket and the key."""

    world: World
    key: bytes
    environment_id: UUID

    @classmethod
    def of(cls, world: World) -> "_Store":
        key = read_key_file(world.platform.directory / "repository.key")
        return cls(world, key, world.environments["production"])

    def repository(self) -> EnvironmentRepository:
        return RepositoryV2(self.world.store, self.key).of(self.environment_id)

    async def there(self) -> set[UUID]:
        """The backups that exist."""
        return {one.manifest.backup_id async for one in self.repository().manifests() if one.manifest}

    async def seen(self) -> StoredEnvironment:
        """By a reader that knows the published format alone."""
        prefixes = (f"keys/{self.environment_id}/", f"environments/{self.environment_id}/")
        store = self.world.store
        objects = {info.key: await store.get(info.key) for prefix in prefixes async for info in store.list(prefix)}
        return StoredEnvironment(objects, self.key, str(self.environment_id))

    async def base_of(self, backup_id: UUID) -> UUID | None:
        """The backup whose dump another one's is stored against, if that is there."""
        chain = (await self.repository().read_manifest(backup_id)).database.chain
        base: DumpImage | None = (chain.anchor or chain.full) if chain else None
        async for one in self.repository().manifests():
            if base and one.manifest and one.manifest.database.contents == base.contents:
                return one.manifest.backup_id
        return None

    async def only_of(self, backup_id: UUID) -> set[str]:
        """The contents that no other backup has as its own."""
        seen, others = await self.seen(), await self.there() - {backup_id}
        return own_of(seen.decision(str(backup_id))) - {
            name for other in others for name in own_of(seen.decision(str(other)))
        }

    async def dump_of(self, backup_id: UUID) -> bytes:
        seen = await self.seen()
        return seen.sequence(seen.decision(str(backup_id))["database"])


async def erasure(world: World) -> AsyncGenerator[None, None]:
    """What a later dump is stored against is erased: that is stored anew, and a day later nothing of it is left."""
    production, store = world.places["production"], _Store.of(world)
    earlier = await world.backed_up()
    production.put(secrets.token_bytes(2000), uuid4())
    kept = world.newest = await world.backed_up()
    gone = await store.base_of(kept.backup_id) or earlier.backup_id
    lost, dump = await store.only_of(gone), await store.dump_of(kept.backup_id)
    yield
    await world.caller.change(world.gateway.delete_backup, gone, erase=True)
    about_it = f"FROM retention.backup WHERE backup_id = '{gone}'"
    await until_known(world, f"SELECT state {about_it}", BackupState.DELETED, minutes=11)
    await until_known(world, f"SELECT erase {about_it}", "f", hours=13)
    await world.told_once("BackupDeleted", gone)
    await world.caller.until(lambda: _times_erased(world, gone), lambda times: times == 1)
    seen = await store.seen()
    assert lost
    assert lost.isdisjoint(set().union(*seen.packs().values()))
    assert await store.dump_of(kept.backup_id) == dump
    assert (await store.repository().check(read_percent=100, seed=0)).damages == []


def _times_erased(world: World, backup_id: UUID) -> int:
    """How often it was told that nothing is left of a backup; a record that is there twice is one."""
    told = [one for one in world.script.seen if one.name == "SpaceReclaimed"]
    return len({one.headers["ce_id"] for one in told if str(backup_id) in one.data["erased"]})
