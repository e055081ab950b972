"""An erasure and a shredding of the same backups at the same time: both come to their end, and nothing is left."""

from functools import partial
from uuid import UUID, uuid4

import pytest

from tests.integration.retention.test_erasing import Dumps
from tests.support.dice import some_of
from tests.support.eventually import eventually
from tests.support.retaining import PATIENCE_SECONDS, Retaining
from tests.support.shop import Shop
from tests.support.starting import is_asleep

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
async def decided(place: Retaining) -> Retaining:
    """A real catalog; each test runs the retention service as it needs it."""
    await place.platform.start("catalog")
    return place


@pytest.fixture
async def dumps(decided: Retaining) -> Dumps:
    """Three backups, each stored against the one before."""
    shop = await decided.shop()
    taken = Dumps(decided, shop, await shop.environment())
    async with decided.running():
        await taken.take(3)
    return taken


async def shred(shop: Shop, environment_id: UUID) -> UUID:
    """Have it accepted; its id."""
    shred_id = uuid4()
    asked = await shop.ask("ShredBackups", shred_id=shred_id, environment_id=environment_id, confirm_name="production")
    assert asked.name != "CommandRejected", asked.data
    return shred_id


async def both_end(decided: Retaining, dumps: Dumps, shred_id: UUID, erased_id: UUID) -> None:
    """Each is told once, and no byte stays that anybody could open or not."""
    await decided.told("BackupsShredded", shred_id)
    await decided.sweeping("BackupErased", erased_id, every_hours=8)
    for backup_id in (erased_id, *(whole.backup_id for whole, _ in dumps.taken)):
        assert await decided.is_buried(dumps.environment_id, backup_id)
        assert decided.names(backup_id).count("BackupDeleted") == 1
    assert decided.names(erased_id).count("BackupErased") == 1
    assert decided.names(shred_id).count("BackupsShredded") == 1

    async def nothing_is_left() -> bool:
        return not await decided.objects(dumps.environment_id)

    await decided.while_sweeping(nothing_is_left, every_hours=8)


async def test_what_is_to_be_erased_while_it_is_shredded_is_erased_behind_it(decided: Retaining, dumps: Dumps) -> None:
    with decided.doomed("replace keys/ before SIGSTOP") as process:
        shred_id = await shred(dumps.shop, dumps.environment_id)
        await eventually(partial(is_asleep, process), within_seconds=PATIENCE_SECONDS)
        backup_id = dumps.taken.pop(0)[0].backup_id
        asked = await dumps.shop.ask("DeleteBackup", backup_id=backup_id, erase=True)
        assert asked.name == "BackupErasureRequested", asked.data
    async with decided.running():
        await both_end(decided, dumps, shred_id, backup_id)


@pytest.mark.parametrize("doom", some_of(["put condemned/ before", "put condemned/ after"], 1))
async def test_what_is_shredded_while_it_is_erased_is_both(decided: Retaining, dumps: Dumps, doom: str) -> None:
    with decided.doomed(f"{doom} SIGSTOP") as process:
        backup_id = await dumps.delete(0)
        await decided.while_sweeping(partial(is_asleep, process), every_hours=0.2)
        shred_id = await shred(dumps.shop, dumps.environment_id)
    async with decided.running():
        await both_end(decided, dumps, shred_id, backup_id)
