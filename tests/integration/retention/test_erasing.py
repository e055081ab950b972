"""A backup that is deleted with `erase` leaves nothing in the store, though later ones were stored against it."""

from uuid import UUID

import pytest

from contracts.manifest import Manifest
from services.platform.repository import RepositoryV2
from services.platform.repository.keys import read_key_file
from tests.history.stored import StoredEnvironment, own_of
from tests.integration.retention.test_expiry import forgotten
from tests.suites.dumps import SMALL, Nights, Table
from tests.support.damaging import rot
from tests.support.dice import some_of
from tests.support.eventually import eventually
from tests.support.retaining import PATIENCE_SECONDS, Retaining
from tests.support.shop import Shop

pytestmark = pytest.mark.timeout(900)


class Dumps:
    """Backups of an environment, each stored against the one before."""

    def __init__(self, retaining: Retaining, shop: Shop, environment_id: UUID) -> None:
        self.retaining = retaining
        self.shop = shop
        self.environment_id = environment_id
        self.key = read_key_file(retaining.platform.directory / "repository.key")
        self.nights = Nights(RepositoryV2(retaining.store, self.key), environment_id)
        self.table = Table(SMALL)
        self.taken: list[tuple[Manifest, bytes]] = []

    async def take(self, count: int) -> None:
        """So many completed ones."""
        for _ in range(count):
            backup_id, data = await self.shop.backup(self.environment_id, completed=False), self.table.dump()
            await self.shop.backup_started(backup_id, self.environment_id)
            self.taken.append((await self.nights.back_up(data, backup_id), data))
            await self.shop.backup_completed(backup_id, self.environment_id)
            await self.retaining.heard(backup_id)
            self.table.night()

    async def delete(self, at: int, *, erase: bool = True) -> UUID:
        """By a person; the id of the backup."""
        backup_id = self.taken.pop(at)[0].backup_id
        deletion = await self.shop.ask("DeleteBackup", backup_id=backup_id, erase=erase)
        assert (deletion.name, deletion.data.get("erase")) == ("BackupDeletionRequested", erase), deletion.data
        return backup_id

    async def is_marked(self) -> bool:
        """Whether a mark has looked for what nothing refers to any more."""
        query = "SELECT condemned_contents IS NOT NULL FROM environment WHERE environment_id = $1"
        return bool(await self.retaining.known(query, self.environment_id))

    async def strangers(self) -> set[str]:
        """The names of contents in the store that no backup has as its own."""
        store = self.retaining.store
        objects = {info.key: await store.get(info.key) async for info in store.list("")}
        outsider = StoredEnvironment(objects, self.key, str(self.environment_id))
        own = set().union(*(own_of(outsider.decision(str(whole.backup_id))) for whole, _ in self.taken))
        return set().union(*outsider.packs().values()) - own

    async def are_whole(self) -> None:
        """A restore of each would have what was backed up."""
        for whole, data in self.taken:
            assert await self.nights.dump(whole) == data


@pytest.fixture
async def dumps(retaining: Retaining) -> Dumps:
    shop = await retaining.shop()
    return Dumps(retaining, shop, await shop.environment())


async def test_nothing_of_it_is_left_a_day_later_without_a_grace(retaining: Retaining, dumps: Dumps) -> None:
    await dumps.take(3)
    backup_id = await dumps.delete(0)
    deleted = await retaining.sweeping("BackupDeleted", backup_id)
    assert deleted.data["shared_with"] == {"count": 0, "newest": []}, "what is only stored against it holds nothing"
    reclaimed = await retaining.sweeping("SpaceReclaimed", dumps.environment_id, every_hours=8)
    assert reclaimed.data["erased"] == [str(backup_id)]
    erased = await retaining.told("BackupErased", backup_id)
    assert (erased.data["mark_id"], erased.data["environment_id"]) == (
        reclaimed.data["mark_id"],
        str(dumps.environment_id),
    )
    assert erased.headers["ce_correlationid"] == deleted.headers["ce_correlationid"]
    assert not await dumps.strangers()
    await dumps.are_whole()


@pytest.mark.parametrize("since", some_of(["deleting", "deleted", "forgotten"], 1))
async def test_what_was_deleted_plainly_is_erased_when_that_is_asked_for_later(
    retaining: Retaining, dumps: Dumps, since: str
) -> None:
    await dumps.take(3)
    backup_id = await dumps.delete(0, erase=False)
    if since != "deleting":
        retaining.clock.on(hours=24)
        await retaining.sweeping("BackupDeleted", backup_id)
    if since == "forgotten":
        for whole, _ in dumps.taken:
            assert (await dumps.shop.ask("PinBackup", backup_id=whole.backup_id)).name == "BackupPinned"
        await retaining.swept()
        await eventually(dumps.is_marked, within_seconds=PATIENCE_SECONDS)
        retaining.clock.on(days=31)
        await eventually(lambda: forgotten(retaining, dumps.environment_id, backup_id), within_seconds=PATIENCE_SECONDS)
    asked = await dumps.shop.ask("DeleteBackup", backup_id=backup_id, erase=True)
    assert (asked.name, asked.data["requested_by"]) == ("BackupErasureRequested", "Karla"), asked.data
    erased = await retaining.sweeping("BackupErased", backup_id, every_hours=8)
    assert erased.headers["ce_correlationid"] == asked.headers["ce_correlationid"]
    assert not await dumps.strangers()
    await dumps.are_whole()


async def test_what_is_deleted_plainly_stays_as_long_as_it_is_built_upon(retaining: Retaining, dumps: Dumps) -> None:
    await dumps.take(3)
    await dumps.delete(0, erase=False)
    await dumps.take(1)
    backup_id = await dumps.delete(-1, erase=False)
    retaining.clock.on(hours=24)
    await retaining.sweeping("BackupDeleted", backup_id)
    reclaimed = await retaining.sweeping("SpaceReclaimed", dumps.environment_id, every_hours=8)
    assert reclaimed.data["erased"] == []
    assert await dumps.strangers()
    await dumps.are_whole()


async def test_a_damaged_dump_that_depends_on_it_holds_up_no_other_room_and_is_named(
    retaining: Retaining, dumps: Dumps
) -> None:
    await dumps.take(3)
    plain = await dumps.delete(-1, erase=False)
    [(damaged, _)] = dumps.taken[1:]
    [name] = damaged.database.contents
    await rot(retaining.store, dumps.key, dumps.environment_id, name)
    erased = await dumps.delete(0)
    await retaining.sweeping("BackupDeleted", erased)
    retaining.clock.on(hours=24)
    await retaining.sweeping("BackupDeleted", plain)
    first = await retaining.sweeping("SpaceReclaimed", dumps.environment_id, every_hours=8)
    assert first.data["erased"] == []
    dumps.taken.clear()
    times = 2
    await dumps.shop.ask("DeleteBackup", backup_id=damaged.backup_id, confirm_last=True)
    retaining.clock.on(hours=24)
    await retaining.sweeping("BackupDeleted", damaged.backup_id)
    reclaimed = await retaining.sweeping("SpaceReclaimed", dumps.environment_id, times=times, every_hours=8)
    while not reclaimed.data["erased"]:
        times += 1
        reclaimed = await retaining.sweeping("SpaceReclaimed", dumps.environment_id, times=times, every_hours=8)
    assert reclaimed.data["erased"] == [str(erased)]
    assert not await dumps.strangers()
