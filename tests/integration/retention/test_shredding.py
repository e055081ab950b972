"""All backups of an environment become unreadable for good; what it leaves is told, and nobody else loses anything."""

from uuid import UUID, uuid4

import pytest

from contracts.defaults import CONDEMNED_HOURS
from services.platform.repository.errors import RepositoryError
from services.platform.repository.keys import read_key_file
from services.platform.repository.recovering import by_master_key
from tests.support.retaining import Retaining
from tests.support.script import Seen
from tests.support.shop import Shop

pytestmark = pytest.mark.timeout(900)


async def shred(retaining: Retaining, shop: Shop, environment_id: UUID) -> Seen:
    """Ask for it, and wait for its end."""
    shred_id = uuid4()
    asked = await shop.ask("ShredBackups", shred_id=shred_id, environment_id=environment_id, confirm_name="production")
    assert asked.name != "CommandRejected", asked.data
    return await retaining.told("BackupsShredded", shred_id)


async def keys_of(retaining: Retaining, environment_id: UUID) -> list[bytes]:
    """What is stored where the wrapped keys of an environment are, in order."""
    listed = sorted([info.key async for info in retaining.store.list(f"keys/{environment_id}/")])
    return [await retaining.store.get(key) for key in listed]


async def test_nothing_opens_an_environments_backups_any_more_and_others_are_left_alone(retaining: Retaining) -> None:
    shop = await retaining.shop()
    environment_id, other_id = await shop.environment(), await shop.environment("acceptance")
    gone = [await retaining.backup(shop, environment_id, b"secret %d" % number) for number in range(2)]
    failed = await shop.backup(environment_id, completed=False)
    await shop.backup_failed(failed, environment_id)
    other = await retaining.backup(shop, other_id, b"another's")
    names = (await retaining.repository(environment_id).read_manifest(gone[0])).database.contents
    told = await shred(retaining, shop, environment_id)
    assert (told.data["keys_destroyed"], told.data["backup_count"]) == (1, 3)
    assert told.data["left"]["packs"] == len(await retaining.objects(environment_id)) > 0
    for backup_id in gone:
        assert await retaining.is_buried(environment_id, backup_id)
    for backup_id in (*gone, failed):
        assert (await retaining.told("BackupDeleted", backup_id)).data["why"] == "shredded"
        assert retaining.names(backup_id)[-2:] == ["BackupDeletionRequested", "BackupDeleted"]
    [stone] = await keys_of(retaining, environment_id)
    assert b"by_master" not in stone
    assert b"by_recovery" not in stone
    master = read_key_file(retaining.platform.directory / "repository.key")
    opened = by_master_key(retaining.store, retaining.store, master).of(environment_id)
    with pytest.raises(RepositoryError):
        [piece async for piece in opened.read(names)]
    assert await retaining.bytes_of(other_id, other) == [b"dump another's", b"another's"]


async def test_a_later_backup_starts_with_a_fresh_key_and_lives_by_the_rules(retaining: Retaining) -> None:
    shop = await retaining.shop()
    environment_id = await shop.environment()
    await retaining.backup(shop, environment_id, b"the same")
    await shred(retaining, shop, environment_id)
    later = await retaining.backup(shop, environment_id, b"the same")
    assert [b"by_master" in key for key in await keys_of(retaining, environment_id)] == [False, True]
    assert await retaining.bytes_of(environment_id, later) == [b"dump the same", b"the same"]
    reclaimed = await retaining.sweeping("SpaceReclaimed", environment_id, every_hours=CONDEMNED_HOURS / 2)
    assert reclaimed.data["bytes"] > 0
    assert await retaining.bytes_of(environment_id, later) == [b"dump the same", b"the same"]
    await retaining.nothing_dangles(environment_id)


async def test_what_was_on_its_way_out_already_goes_as_well(retaining: Retaining) -> None:
    shop = await retaining.shop()
    environment_id = await shop.environment()
    deleted, kept = [await retaining.backup(shop, environment_id, b"secret %d" % number) for number in range(2)]
    await shop.ask("DeleteBackup", backup_id=deleted)
    told = await shred(retaining, shop, environment_id)
    assert told.data["backup_count"] == 2
    for backup_id in (deleted, kept):
        assert await retaining.is_buried(environment_id, backup_id)
        await retaining.told("BackupDeleted", backup_id)
    retaining.clock.on(hours=25)
    await retaining.swept()
    assert retaining.names(deleted).count("BackupDeleted") == 1


async def test_an_environment_without_backups_has_its_keys_destroyed_as_well(retaining: Retaining) -> None:
    shop = await retaining.shop()
    environment_id = await shop.environment()
    told = await shred(retaining, shop, environment_id)
    assert (told.data["keys_destroyed"], told.data["backup_count"], told.data["left"]["packs"]) == (0, 0, 0)
    later = await retaining.backup(shop, environment_id)
    again = await shred(retaining, shop, environment_id)
    assert (again.data["keys_destroyed"], again.data["backup_count"]) == (1, 1)
    assert await retaining.is_buried(environment_id, later)
