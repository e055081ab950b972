"""Deleting by hand wins over tiers and the guard, not over what needs the backup (spec: retention §2)."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from tests.integration.catalog.test_refusals import refused
from tests.support.shop import Shop


async def test_a_backup_is_deleted_before_its_expiry(shop: Shop) -> None:
    environment_id = await shop.environment()
    older, _ = await shop.backup(environment_id), await shop.backup(environment_id)
    await shop.heard()
    deleted = await shop.ask("DeleteBackup", backup_id=older)
    assert (deleted.name, deleted.data["requested_by"]) == ("BackupDeletionRequested", "Karla")
    assert deleted.data["was_last_good"] is False
    gone = ("NOT_FOUND", f"there is no backup {older}", "backup_id")
    assert refused(await shop.ask("DeleteBackup", backup_id=older)) == gone
    assert refused(await shop.ask("CommentBackup", backup_id=older, comment="x")) == gone


async def test_the_last_good_one_goes_after_its_person_was_told_so(shop: Shop) -> None:
    environment_id = await shop.environment()
    last, failed = await shop.backup(environment_id), await shop.backup(environment_id, completed=False)
    await shop.backup_failed(failed, environment_id)
    await shop.heard()
    assert refused(await shop.ask("DeleteBackup", backup_id=last)) == (
        "ERROR_NOT_ALLOWED",
        (
            "this is the last completed backup of its environment, nothing could be restored without it: "
            "say confirm_last to delete it all the same"
        ),
        "confirm_last",
    )
    assert (await shop.ask("DeleteBackup", backup_id=failed)).data["was_last_good"] is False
    deleted = await shop.ask("DeleteBackup", backup_id=last, confirm_last=True)
    assert (deleted.name, deleted.data["was_last_good"]) == ("BackupDeletionRequested", True)


async def test_two_deleted_in_one_poll_do_not_both_pass_as_not_the_last(shop: Shop) -> None:
    environment_id = await shop.environment()
    backups = [await shop.backup(environment_id), await shop.backup(environment_id)]
    await shop.heard()
    sent = [await shop.script.send("DeleteBackup", {"backup_id": str(one)}, key=shop.app_id) for one in backups]
    outcomes = [await shop.script.outcome(one) for one in sent]
    assert outcomes[0].name == "BackupDeletionRequested"
    assert refused(outcomes[1])[2] == "confirm_last"


async def test_what_needs_the_backup_is_named(shop: Shop) -> None:
    environment_id, acceptance = await shop.environment(), await shop.environment("acceptance")
    wanted, _ = await shop.backup(environment_id), await shop.backup(environment_id)
    await shop.heard()

    async def conflict() -> str:
        code, reason, field = refused(await shop.ask("DeleteBackup", backup_id=wanted, confirm_last=True))
        assert (code, field) == ("ERROR_NOT_ALLOWED", "backup_id")
        return reason.removeprefix("this backup cannot be deleted now: ")

    await shop.ask("PinBackup", backup_id=wanted, reason="audit")
    assert await conflict() == "it is pinned (audit)"
    restore_id = await shop.restore(wanted, acceptance)
    assert await conflict() == f"it is pinned (audit); restore {restore_id} reads it"
    await shop.ask("UnpinBackup", backup_id=wanted)
    await shop.restored(restore_id, acceptance, "2026-03-04T12:00:00Z")
    await shop.heard()
    until, lease_id = (datetime.now(UTC) + timedelta(hours=1)).isoformat(), uuid4()
    lease = {"lease_id": lease_id, "backup_id": wanted}
    await shop.ask("AcquireLease", **lease, holder="a download by Karla", until=until)
    assert await conflict() == f"a download by Karla works with it until {until}"
    await shop.ask("ReleaseLease", **lease)
    assert (await shop.ask("DeleteBackup", backup_id=wanted)).name == "BackupDeletionRequested"


async def test_what_is_under_way_is_cancelled_first(shop: Shop) -> None:
    queued = await shop.backup(await shop.environment(), completed=False)
    reason = "this backup is queued: cancel it first, then delete it"
    assert refused(await shop.ask("DeleteBackup", backup_id=queued)) == ("ERROR_NOT_ALLOWED", reason, "backup_id")


async def test_an_erasure_is_asked_for_once_with_the_deletion_or_afterwards(shop: Shop) -> None:
    environment_id = await shop.environment()
    plain, erased, _ = [await shop.backup(environment_id) for _ in range(3)]
    await shop.heard()
    assert (await shop.ask("DeleteBackup", backup_id=erased, erase=True)).data["erase"] is True
    assert (await shop.ask("DeleteBackup", backup_id=plain)).data["erase"] is False
    assert refused(await shop.ask("DeleteBackup", backup_id=plain))[0] == "NOT_FOUND"
    later = await shop.ask("DeleteBackup", backup_id=plain, erase=True)
    assert (later.name, later.data["requested_by"]) == ("BackupErasureRequested", "Karla"), later.data
    for backup_id in (plain, erased):
        code, reason, _ = refused(await shop.ask("DeleteBackup", backup_id=backup_id, erase=True))
        assert (code, "asked for already" in reason) == ("NOT_FOUND", True)
    assert refused(await shop.ask("DeleteBackup", backup_id=uuid4(), erase=True))[0] == "NOT_FOUND"
