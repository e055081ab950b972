"""The way of a backup from its expiry to its last byte, through a real catalog with its clock moved."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from contracts.manifest import Burial, Tombstone
from tests.support.eventually import eventually
from tests.support.manifests import tombstone
from tests.support.retaining import PATIENCE_SECONDS, Retaining
from tests.support.shop import Shop

pytestmark = pytest.mark.timeout(900)


async def blockers(retaining: Retaining, backup_id: UUID, *, times: int = 1) -> list[str]:
    held = await retaining.sweeping("ExpiryHeld", backup_id, times=times)
    return [blocker["kind"] for blocker in held.data["blockers"]]


async def with_a_newer_one(retaining: Retaining, shop: Shop) -> tuple[UUID, UUID, UUID]:
    """An environment, a backup that nothing guards, and a newer one."""
    environment_id = await shop.environment()
    old = await retaining.backup(shop, environment_id, b"old")
    return environment_id, old, await retaining.backup(shop, environment_id, b"new")


async def test_a_backup_goes_reference_first_and_what_others_share_stays(retaining: Retaining) -> None:
    shop = await retaining.shop()
    environment_id = await shop.environment()
    old = await retaining.backup(shop, environment_id, b"shared")
    retaining.clock.on(hours=1)
    new = await retaining.backup(shop, environment_id, b"shared")
    before, own = await retaining.objects(environment_id), await retaining.list_of(environment_id, old)

    retaining.clock.to(await retaining.expiry(old))
    expired = await retaining.sweeping("BackupExpired", old)
    assert expired.headers["ce_actor"] == "retention"
    await retaining.swept()
    assert not await retaining.is_buried(environment_id, old)

    retaining.clock.to(datetime.fromisoformat(expired.data["expired_at"]) + timedelta(hours=24, minutes=1))
    deleted = await retaining.sweeping("BackupDeleted", old)
    assert deleted.data["why"] == "expired"
    assert deleted.data["shared_with"] == {"count": 1, "newest": [str(new)]}
    assert await retaining.is_buried(environment_id, old)
    assert await retaining.has(environment_id, own)

    reclaimed = await retaining.sweeping("SpaceReclaimed", environment_id, every_hours=8)
    assert reclaimed.data["contents"] == 1, "only the list of the old one is nobody else's"
    assert reclaimed.data["bytes"] > 0
    assert len(before - await retaining.objects(environment_id)) == reclaimed.data["objects"]
    assert not await retaining.has(environment_id, own)
    assert await retaining.bytes_of(environment_id, new) == [b"dump shared", b"shared"]


async def test_the_last_good_one_stays_until_a_newer_one_has_completed(retaining: Retaining) -> None:
    shop = await retaining.shop()
    environment_id = await shop.environment()
    only = await retaining.backup(shop, environment_id)
    retaining.clock.to(await retaining.expiry(only))
    assert await blockers(retaining, only) == ["last_good"]
    retaining.clock.on(days=20)
    await retaining.swept()
    assert retaining.names(only).count("ExpiryHeld") == 1
    await retaining.backup(shop, environment_id)
    await retaining.told("ExpiryReleased", only)
    await retaining.sweeping("BackupExpired", only)


async def test_a_pinned_backup_stays_until_it_is_unpinned(retaining: Retaining) -> None:
    shop = await retaining.shop()
    _, old, _ = await with_a_newer_one(retaining, shop)
    await shop.ask("PinBackup", backup_id=old, reason="for the audit")
    retaining.clock.to(await retaining.expiry(old))
    assert await blockers(retaining, old) == ["pin"]
    await shop.ask("UnpinBackup", backup_id=old)
    await retaining.sweeping("BackupExpired", old)


async def test_a_leased_backup_stays_until_the_lease_ends(retaining: Retaining) -> None:
    shop = await retaining.shop()
    _, old, _ = await with_a_newer_one(retaining, shop)
    lease_id, until = uuid4(), (datetime.now(UTC) + timedelta(hours=8)).isoformat()
    await shop.ask("AcquireLease", lease_id=lease_id, backup_id=old, holder="archive", until=until)
    retaining.clock.to(await retaining.expiry(old))
    assert await blockers(retaining, old) == ["lease"]
    await shop.ask("ReleaseLease", lease_id=lease_id, backup_id=old)
    await retaining.sweeping("BackupExpired", old)


async def test_a_backup_that_is_restored_from_stays_until_the_restore_has_ended(retaining: Retaining) -> None:
    shop = await retaining.shop()
    _, old, _ = await with_a_newer_one(retaining, shop)
    acceptance = await shop.environment("acceptance", mode="acceptance")
    restore_id = await shop.restore(old, acceptance)
    retaining.clock.to(await retaining.expiry(old))
    assert await blockers(retaining, old) == ["restore"]
    await shop.restored(restore_id, acceptance, retaining.clock.now().isoformat())
    await retaining.told("ExpiryReleased", old)
    await retaining.sweeping("BackupExpired", old)


async def test_a_clock_that_jumps_ahead_removes_nothing_until_a_person_has_approved(retaining: Retaining) -> None:
    shop = await retaining.shop()
    environment_id = await shop.environment()
    backups = [await shop.backup(environment_id) for _ in range(12)]
    await retaining.heard(*backups)
    before = retaining.clock.now()
    retaining.clock.on(days=400)
    stopped = await retaining.sweeping("SweepStopped", environment_id)
    told = stopped.data
    assert (told["due_count"], told["held_count"], told["backup_count"]) == (11, 1, 12)
    retaining.clock.to(before)
    await retaining.swept()
    assert not gone(retaining, backups)

    retaining.clock.on(days=400)
    again = await retaining.sweeping("SweepStopped", environment_id, times=2)
    await retaining.swept()
    assert not gone(retaining, backups)
    approved = await shop.ask("ApproveSweep", environment_id=environment_id, sweep_id=UUID(again.data["sweep_id"]))
    assert approved.name == "SweepApproved", approved.data
    for backup_id in backups[:-1]:
        await retaining.sweeping("BackupExpired", backup_id)
    assert await blockers(retaining, backups[-1]) == ["last_good"]
    assert gone(retaining, backups) == backups[:-1]


def gone(retaining: Retaining, backups: list[UUID]) -> list[UUID]:
    return [backup_id for backup_id in backups if "BackupExpired" in retaining.names(backup_id)]


async def test_a_backup_that_a_person_deletes_goes_after_the_same_grace(retaining: Retaining) -> None:
    shop = await retaining.shop()
    environment_id, old, new = await with_a_newer_one(retaining, shop)
    deletion = await shop.ask("DeleteBackup", backup_id=old)
    assert deletion.name == "BackupDeletionRequested", deletion.data
    await retaining.swept()
    assert not await retaining.is_buried(environment_id, old)
    retaining.clock.on(hours=24)
    assert (await retaining.sweeping("BackupDeleted", old)).data["why"] == "deleted"
    assert await retaining.is_buried(environment_id, old)
    assert not await retaining.is_buried(environment_id, new)


async def test_a_failed_backup_goes_after_two_weeks_and_its_tombstone_a_month_later(retaining: Retaining) -> None:
    shop = await retaining.shop()
    environment_id = await shop.environment()
    backup_id = await shop.backup(environment_id, completed=False)
    repository = retaining.repository(environment_id)
    await repository.bury(tombstone(backup_id, environment_id))
    await shop.backup_started(backup_id, environment_id)
    await shop.fact(
        "BackupFailed",
        f"snapshot/backup/{backup_id}",
        backup_id=backup_id,
        environment_id=environment_id,
        finished_at=retaining.clock.now().isoformat(),
        code="DUMP_FAILED",
        reason="it broke",
        retryable=True,
    )
    retaining.clock.on(days=14, minutes=1)
    await retaining.sweeping("BackupExpired", backup_id)
    retaining.clock.on(hours=25)
    await retaining.sweeping("BackupDeleted", backup_id)
    verdict = await repository.verdict(backup_id)
    assert verdict
    assert isinstance(verdict.decided, Tombstone)
    assert verdict.decided.why is Burial.FAILED
    retaining.clock.on(days=31)
    await retaining.swept()
    await eventually(lambda: forgotten(retaining, environment_id, backup_id), within_seconds=PATIENCE_SECONDS)


async def forgotten(retaining: Retaining, environment_id: UUID, backup_id: UUID) -> bool:
    known = await retaining.known("SELECT count(*) FROM backup WHERE backup_id = $1", backup_id)
    return not known and await retaining.repository(environment_id).verdict(backup_id) is None
