"""The catalog lets all backups of an environment go at once, unless something works with one of them."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from tests.integration.catalog.test_refusals import refused
from tests.support.script import Seen
from tests.support.shop import Shop

BUSY = "ENVIRONMENT_BUSY"


async def shred(shop: Shop, environment_id: UUID, name: str = "production", shred_id: UUID | None = None) -> Seen:
    return await shop.ask(
        "ShredBackups", shred_id=shred_id or uuid4(), environment_id=environment_id, confirm_name=name
    )


async def shredded(shop: Shop, shred_id: UUID, environment_id: UUID) -> None:
    """What retention says at the end."""
    told = {
        "shredded_at": "2026-03-04T12:00:00Z",
        "keys_destroyed": 1,
        "backup_count": 2,
        "first_format_objects": 0,
        "left": {
            "packs": 1,
            "bytes": 1000,
            "packs_until": "2026-03-05T12:00:00Z",
            "tombstones": 2,
            "tombstones_until": "2026-04-03T12:00:00Z",
        },
    }
    stream = f"retention/shredding/{shred_id}"
    await shop.fact("BackupsShredded", stream, shred_id=shred_id, environment_id=environment_id, **told)


async def test_every_backup_in_the_list_goes_and_the_log_says_who_wanted_it(shop: Shop) -> None:
    environment_id, other_id = await shop.environment(), await shop.environment("acceptance")
    older, newest = await shop.backup(environment_id), await shop.backup(environment_id)
    failed, other = await shop.backup(environment_id, completed=False), await shop.backup(other_id)
    await shop.backup_failed(failed, environment_id)
    await shop.heard()
    shred_id = uuid4()
    first = await shred(shop, environment_id, shred_id=shred_id)
    told = await shop.script.event(
        lambda seen: seen.data.get("shred_id") == str(shred_id) and "backup_count" in seen.data
    )
    assert (told.name, told.headers["ce_actor"], told.data["requested_by"]) == (
        "ShreddingRequested",
        "user:Karla",
        "Karla",
    )
    assert (told.data["backup_count"], told.data["failed_count"]) == (2, 1)
    caused = [one for one in shop.script.seen if one.headers["ce_causationid"] == first.headers["ce_causationid"]]
    assert [one.name for one in caused] == ["BackupDeletionRequested"] * 3 + ["ShreddingRequested"]
    gone = {one.data["backup_id"]: one.data for one in caused[:-1]}
    assert set(gone) == {str(older), str(newest), str(failed)}
    assert {one["shred_id"] for one in gone.values()} == {str(shred_id)}
    assert [one for one, data in gone.items() if data["was_last_good"]] == [str(newest)]
    for backup_id in (older, newest, failed):
        assert refused(await shop.ask("PinBackup", backup_id=backup_id))[0] == "NOT_FOUND"
    assert (await shop.ask("CommentBackup", backup_id=other, comment="still there")).name == "BackupCommented"


async def test_it_is_confirmed_by_the_environments_name(shop: Shop) -> None:
    environment_id = await shop.environment()
    reason = "this environment is called 'production': say that name to shred all its backups, for good"
    for name in ("Production", "acceptance", "prod"):
        assert refused(await shred(shop, environment_id, name)) == ("INVALID_PARAMETERS", reason, "confirm_name")
    unknown = uuid4()
    assert refused(await shred(shop, unknown))[0] == "ENVIRONMENT_NOT_FOUND"


async def test_what_works_with_a_backup_is_named(shop: Shop) -> None:
    environment_id, acceptance = await shop.environment(), await shop.environment("acceptance")
    wanted = await shop.backup(environment_id)
    await shop.heard()

    async def conflict(code: str = BUSY, of: UUID = environment_id, name: str = "production") -> str:
        found, reason, field = refused(await shred(shop, of, name))
        assert (found, field) == (code, "environment_id")
        return reason

    queued = await shop.backup(environment_id, completed=False)
    assert str(queued) in await conflict()
    await shop.backup_failed(queued, environment_id)
    await shop.heard()
    restore_id = await shop.restore(wanted, acceptance)
    assert await conflict() == f"these backups are held: backup {wanted}: restore {restore_id} reads it"
    assert f"restore {restore_id} is under way" in await conflict(of=acceptance, name="acceptance")
    await shop.restored(restore_id, acceptance, "2026-03-04T12:00:00Z")
    await shop.heard()
    until, lease = (datetime.now(UTC) + timedelta(hours=1)).isoformat(), {"lease_id": uuid4(), "backup_id": wanted}
    await shop.ask("AcquireLease", **lease, holder="a download by Karla", until=until)
    await shop.ask("PinBackup", backup_id=wanted, reason="audit")
    held = f"these backups are held: backup {wanted}: it is pinned (audit)"
    assert await conflict() == f"{held}; backup {wanted}: a download by Karla works with it until {until}"
    await shop.ask("ReleaseLease", **lease)
    assert await conflict("ERROR_NOT_ALLOWED") == held
    await shop.ask("UnpinBackup", backup_id=wanted)
    assert (await shred(shop, environment_id)).name == "BackupDeletionRequested"


async def test_until_its_end_a_backup_is_accepted_and_whatever_changes_the_environment_is_not(shop: Shop) -> None:
    environment_id, acceptance = await shop.environment(), await shop.environment("acceptance")
    other = await shop.backup(acceptance)
    await shop.heard()
    shred_id = uuid4()
    assert (await shred(shop, environment_id, shred_id=shred_id)).name == "ShreddingRequested"
    busy = f"the backups of production are being shredded ({shred_id}): wait for its end"
    assert refused(await shop.ask("RemoveEnvironment", environment_id=environment_id))[:2] == (BUSY, busy)
    asked = {"restore_id": uuid4(), "backup_id": other, "environment_id": environment_id}
    assert refused(await shop.ask("RequestRestore", **asked))[:2] == (BUSY, busy)
    assert refused(await shred(shop, environment_id))[:2] == (BUSY, busy)
    later = await shop.backup(environment_id, completed=False)
    await shredded(shop, shred_id, environment_id)
    await shop.backup_started(later, environment_id)
    await shop.backup_completed(later, environment_id)
    await shop.heard()
    assert (await shop.ask("RequestRestore", **asked)).name == "RestoreRequested"


async def test_backups_of_a_removed_environment_are_shredded_too(shop: Shop) -> None:
    environment_id = await shop.environment()
    backup_id = await shop.backup(environment_id)
    await shop.heard()
    assert (await shop.ask("RemoveEnvironment", environment_id=environment_id)).name == "EnvironmentRemoved"
    assert (await shred(shop, environment_id)).data["backup_id"] == str(backup_id)


async def test_the_id_of_a_shredding_is_not_used_again(shop: Shop) -> None:
    environment_id, shred_id = await shop.environment(), uuid4()
    assert (await shred(shop, environment_id, shred_id=shred_id)).name == "ShreddingRequested"
    again = ("ALREADY_EXISTS", f"shredding {shred_id} exists", "shred_id")
    assert refused(await shred(shop, environment_id, shred_id=shred_id)) == again
    await shredded(shop, shred_id, environment_id)
    await shop.heard()
    assert refused(await shred(shop, environment_id, shred_id=shred_id)) == again
    assert (await shred(shop, environment_id)).name == "ShreddingRequested"


async def test_one_that_failed_is_asked_for_again(shop: Shop) -> None:
    environment_id, shred_id = await shop.environment(), uuid4()
    assert (await shred(shop, environment_id, shred_id=shred_id)).name == "ShreddingRequested"
    why = {"code": "STORE_UNAVAILABLE", "reason": "the store is away", "retryable": True}
    ids = {"shred_id": shred_id, "environment_id": environment_id, "failed_at": "2026-03-04T12:00:00Z"}
    await shop.fact("ShreddingFailed", f"retention/shredding/{shred_id}", **ids, **why)
    await shop.heard()
    assert (await shred(shop, environment_id)).name == "ShreddingRequested"
