"""Every refusal has its exact code, reason and field, and nothing is changed by it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from tests.support.script import Seen
from tests.support.shop import Shop, database

NOW = datetime.now(UTC).isoformat()


def refused(seen: Seen) -> tuple[str, str, str | None]:
    """Code, reason, field."""
    assert seen.name == "CommandRejected", (seen.name, seen.data)
    assert seen.headers["ce_subject"] == f"catalog/command/{seen.data['command_id']}"
    return seen.data["code"], seen.data["reason"], seen.data["field"]


async def test_an_app_is_registered_once(shop: Shop) -> None:
    again = await shop.ask("RegisterApp", app_id=shop.app_id, name="Shop", slug="another")
    assert refused(again) == ("ALREADY_EXISTS", f"app {shop.app_id} exists already", "app_id")
    assert again.key == str(shop.app_id)


async def test_a_slug_belongs_to_one_app(shop: Shop) -> None:
    slug = f"shop-{shop.app_id.hex[:12]}"
    other = Shop(shop.script)
    taken = await other.ask("RegisterApp", app_id=other.app_id, name="Shop", slug=slug)
    reason = f"another app has the slug {slug!r}: choose another one"
    assert refused(taken) == ("ALREADY_EXISTS", reason, "slug")
    assert taken.key == "platform"
    await other.register()
    assert refused(await other.ask("UpdateApp", app_id=other.app_id, slug=slug)) == ("ALREADY_EXISTS", reason, "slug")


async def test_a_slug_is_free_again_after_its_app_was_removed(shop: Shop) -> None:
    slug = f"shop-{shop.app_id.hex[:12]}"
    assert (await shop.ask("RemoveApp", app_id=shop.app_id)).name == "AppRemoved"
    other = Shop(shop.script)
    assert (await other.ask("RegisterApp", app_id=other.app_id, name="Shop", slug=slug)).name == "AppRegistered"


async def test_unknown_ids_are_named(shop: Shop) -> None:
    unknown = uuid4()
    environment = ("ENVIRONMENT_NOT_FOUND", f"there is no environment {unknown}", "environment_id")
    for command in ("RemoveEnvironment", "StartEnvironment", "StopEnvironment"):
        assert refused(await shop.ask(command, environment_id=unknown)) == environment
    check = await shop.ask("CheckEnvironment", environment_id=unknown, check_id=uuid4())
    assert refused(check) == environment
    assert refused(await shop.ask("DeployPackage", environment_id=unknown, model_version="7")) == environment
    assert refused(await shop.ask("UpdateEnvironment", environment_id=unknown, name="x")) == environment
    assert refused(await shop.ask("RequestBackup", environment_id=unknown, backup_id=uuid4())) == environment
    service = await shop.ask("PublishAppService", environment_id=unknown, service_name="x")
    assert refused(service) == environment

    backup = ("NOT_FOUND", f"there is no backup {unknown}", "backup_id")
    assert refused(await shop.ask("CommentBackup", backup_id=unknown, comment="x")) == backup
    for command in ("PinBackup", "UnpinBackup", "CancelBackup"):
        assert refused(await shop.ask(command, backup_id=unknown)) == backup

    restore = ("NOT_FOUND", f"there is no restore {unknown}", "restore_id")
    for command in ("CancelRestore", "UndoRestore"):
        assert refused(await shop.ask(command, restore_id=unknown)) == restore

    app = ("APP_NOT_FOUND", f"there is no app {unknown}", "app_id")
    assert refused(await shop.script.ask("RemoveApp", {"app_id": str(unknown)}, key=unknown)) == app
    stranger = Shop(shop.script, unknown)
    assert refused(await stranger.ask("RegisterEnvironment", **stranger.described(uuid4()))) == app


async def test_an_app_goes_after_its_environments(shop: Shop) -> None:
    environment_id = await shop.environment("test stage", checked=False)
    reason = "the app still has environments (test stage): remove them first"
    assert refused(await shop.ask("RemoveApp", app_id=shop.app_id)) == ("ERROR_NOT_ALLOWED", reason, "app_id")
    await shop.ask("RemoveEnvironment", environment_id=environment_id)
    assert (await shop.ask("RemoveApp", app_id=shop.app_id)).name == "AppRemoved"


async def test_names_of_environments_differ_within_an_app_and_ids_are_used_once(shop: Shop) -> None:
    environment_id = await shop.environment("Acceptance", checked=False)
    reason = "the app has an environment 'acceptance' already: choose another name"
    taken = await shop.ask("RegisterEnvironment", **shop.described(uuid4(), "acceptance"))
    assert refused(taken) == ("ALREADY_EXISTS", reason, "name")
    again = await shop.ask("RegisterEnvironment", **shop.described(environment_id, "another"))
    assert refused(again) == ("ALREADY_EXISTS", f"environment {environment_id} exists already", "environment_id")
    other = Shop(shop.script)
    await other.register()
    await other.environment("acceptance", checked=False)


@pytest.mark.parametrize("zone", ["Mars/Phobos", "localtime"])
async def test_a_time_zone_that_there_is_not_or_that_each_machine_has_another_of_is_refused(
    shop: Shop, zone: str
) -> None:
    schedule = {"kind": "wall-clock", "at": "00:30", "zone": zone}
    answer = await shop.ask("RegisterEnvironment", **shop.described(uuid4()) | {"schedule": schedule})
    reason = f"there is no time zone {zone!r}: name one of the IANA database, like Europe/Berlin"
    assert refused(answer) == ("INVALID_PARAMETERS", reason, "schedule.zone")


async def test_an_environment_that_never_passed_its_check_takes_no_backups(shop: Shop) -> None:
    environment_id = uuid4()
    registered = await shop.ask("RegisterEnvironment", **shop.described(environment_id))
    reason = "no check of production has passed yet: see its findings, mend them and check it again"
    wanted = ("ERROR_NOT_ALLOWED", reason, "environment_id")
    ask = {"backup_id": uuid4(), "environment_id": environment_id}
    assert refused(await shop.ask("RequestBackup", **ask)) == wanted
    await shop.checked(environment_id, registered.data["check_id"], passed=False)
    assert refused(await shop.ask("RequestBackup", **ask)) == wanted
    again = await shop.ask("CheckEnvironment", environment_id=environment_id, check_id=uuid4())
    await shop.checked(environment_id, again.data["check_id"])
    assert (await shop.ask("RequestBackup", **ask)).name == "BackupRequested"


async def test_a_changed_place_needs_a_new_check_and_a_changed_name_does_not(shop: Shop) -> None:
    environment_id = await shop.environment()
    renamed = await shop.ask("UpdateEnvironment", environment_id=environment_id, name="live")
    assert (await shop.ask("RequestBackup", backup_id=uuid4(), environment_id=environment_id)).name == "BackupRequested"
    other = await shop.environment("test", checked=True)
    moved = await shop.ask("UpdateEnvironment", environment_id=other, database=database(host="other.example"))
    assert moved.data["check_id"] != renamed.data["check_id"]
    again = await shop.script.event(
        lambda seen: seen.name == "EnvironmentCheckRequested" and seen.data["check_id"] == moved.data["check_id"]
    )
    assert again.headers["ce_causationid"] == moved.headers["ce_causationid"]
    backup = {"backup_id": uuid4(), "environment_id": other}
    assert refused(await shop.ask("RequestBackup", **backup))[0] == "ERROR_NOT_ALLOWED"
    await shop.checked(other, moved.data["check_id"])
    assert (await shop.ask("RequestBackup", **backup)).name == "BackupRequested"


async def test_nothing_starts_without_a_package(shop: Shop) -> None:
    environment_id = await shop.environment()
    reason = "nothing is deployed in production: deploy a package first"
    started = await shop.ask("StartEnvironment", environment_id=environment_id)
    assert refused(started) == ("ERROR_NOT_ALLOWED", reason, "environment_id")
    await shop.ask("DeployPackage", environment_id=environment_id, model_version="7.1.0")
    assert (await shop.ask("StartEnvironment", environment_id=environment_id)).name == "EnvironmentStarted"


async def test_services_are_published_once_and_taken_back_once(shop: Shop) -> None:
    service = {"environment_id": await shop.environment(), "service_name": "orders"}
    assert refused(await shop.ask("UnpublishAppService", **service)) == (
        "NOT_FOUND",
        "'orders' is not published",
        "service_name",
    )
    assert (await shop.ask("PublishAppService", **service)).name == "AppServicePublished"
    assert refused(await shop.ask("PublishAppService", **service))[0] == "ALREADY_EXISTS"
    assert (await shop.ask("UnpublishAppService", **service)).name == "AppServiceUnpublished"


async def test_a_backup_that_has_ended_cannot_be_cancelled_and_one_is_cancelled_once(shop: Shop) -> None:
    environment_id = await shop.environment()
    done = await shop.backup(environment_id)
    await shop.heard()
    reason = "this backup is completed: there is nothing to cancel"
    assert refused(await shop.ask("CancelBackup", backup_id=done)) == ("ERROR_NOT_ALLOWED", reason, "backup_id")
    queued = await shop.backup(environment_id, completed=False)
    assert (await shop.ask("CancelBackup", backup_id=queued)).name == "BackupCancelRequested"
    reason = "this backup is being cancelled already"
    assert refused(await shop.ask("CancelBackup", backup_id=queued)) == ("ERROR_NOT_ALLOWED", reason, "backup_id")


async def test_only_what_is_pinned_is_unpinned(shop: Shop) -> None:
    backup_id = await shop.backup(await shop.environment())
    unpinned = ("ERROR_NOT_ALLOWED", "this backup is not pinned", "backup_id")
    assert refused(await shop.ask("UnpinBackup", backup_id=backup_id)) == unpinned
    assert (await shop.ask("PinBackup", backup_id=backup_id, reason="audit")).data["reason"] == "audit"
    assert (await shop.ask("UnpinBackup", backup_id=backup_id)).name == "BackupUnpinned"
    assert refused(await shop.ask("UnpinBackup", backup_id=backup_id)) == unpinned


async def test_a_restore_goes_into_a_stopped_environment_of_the_same_app(shop: Shop) -> None:
    production, acceptance = await shop.environment(), await shop.environment("acceptance")
    backup_id = await shop.backup(production)
    other = Shop(shop.script)
    await other.register()
    foreign = await other.environment()
    ask = {"restore_id": uuid4(), "backup_id": backup_id}
    assert refused(await other.ask("RequestRestore", **ask, environment_id=foreign)) == (
        "ERROR_NOT_ALLOWED",
        "the destination belongs to another app: a backup is restored into an environment of its own app",
        "environment_id",
    )
    await shop.ask("DeployPackage", environment_id=acceptance, model_version="7.1.0")
    await shop.ask("StartEnvironment", environment_id=acceptance)
    assert refused(await shop.ask("RequestRestore", **ask, environment_id=acceptance)) == (
        "ERROR_NOT_ALLOWED",
        "the app runs in acceptance: stop it first",
        "environment_id",
    )
    await shop.ask("StopEnvironment", environment_id=acceptance)
    requested = await shop.ask("RequestRestore", **ask, environment_id=acceptance)
    assert requested.data["source_environment_id"] == str(production)
    assert requested.data["manifest_key"] == f"environments/x/manifests/{backup_id}"
    again = await shop.ask("RequestRestore", **ask, environment_id=acceptance)
    assert refused(again) == ("ALREADY_EXISTS", f"restore {ask['restore_id']} exists", "restore_id")


async def test_only_a_completed_backup_is_restored(shop: Shop) -> None:
    production, acceptance = await shop.environment(), await shop.environment("acceptance")
    backup_id = await shop.backup(production, completed=False)
    ask = {"backup_id": backup_id, "environment_id": acceptance}
    reason = f"backup {backup_id} is queued: only a completed one can be restored"
    wanted = ("ERROR_NOT_ALLOWED", reason, "backup_id")
    assert refused(await shop.ask("RequestRestore", restore_id=uuid4(), **ask)) == wanted
    assert refused(await shop.ask("RequestPreflight", preflight_id=uuid4(), **ask)) == wanted
    unknown = ask | {"backup_id": uuid4()}
    missing = await shop.ask("RequestRestore", restore_id=uuid4(), **unknown)
    assert refused(missing) == ("NOT_FOUND", f"there is no backup {unknown['backup_id']}", "backup_id")


async def test_an_environment_with_work_under_way_is_busy_and_the_work_is_named(shop: Shop) -> None:
    production, acceptance = await shop.environment(), await shop.environment("acceptance")
    await shop.ask("DeployPackage", environment_id=acceptance, model_version="7.1.0")
    backup_id = await shop.backup(production)
    running = await shop.backup(acceptance, completed=False)
    ask = {"backup_id": backup_id, "environment_id": acceptance}
    reason = f"backup {running} is under way in acceptance: wait for its end or cancel it"
    busy = ("ENVIRONMENT_BUSY", reason, "environment_id")
    assert refused(await shop.ask("RequestRestore", restore_id=uuid4(), **ask)) == busy
    assert refused(await shop.ask("RemoveEnvironment", environment_id=acceptance)) == busy
    files = {"kind": "directory", "path": "/srv/other"}
    assert refused(await shop.ask("UpdateEnvironment", environment_id=acceptance, files=files)) == busy
    await shop.backup_started(running, acceptance)
    await shop.backup_completed(running, acceptance)

    restore_id = await shop.restore(backup_id, acceptance)
    reason = f"restore {restore_id} is under way in acceptance: wait for its end or cancel it"
    busy = ("ENVIRONMENT_BUSY", reason, "environment_id")
    assert refused(await shop.ask("RequestRestore", restore_id=uuid4(), **ask)) == busy
    assert refused(await shop.ask("StartEnvironment", environment_id=acceptance)) == busy
    deployed = await shop.ask("DeployPackage", environment_id=acceptance, model_version="7")
    assert refused(deployed) == busy
    asked = await shop.ask("RequestBackup", backup_id=uuid4(), environment_id=acceptance)
    assert asked.name == "BackupRequested"


async def test_a_command_that_comes_too_late_is_refused(shop: Shop) -> None:
    data = {"app_id": str(shop.app_id), "name": "Too late"}
    then = (datetime.now(UTC) - timedelta(seconds=5)).isoformat()
    code, reason, field = refused(await shop.script.ask("UpdateApp", data, key=shop.app_id, notafter=then))
    assert (code, field) == ("OVERDUE", "ce_notafter")
    assert reason.endswith("send it again if it is still wanted")
    soon = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    in_time = await shop.script.ask("UpdateApp", data, key=shop.app_id, notafter=soon)
    assert in_time.name == "AppUpdated"


async def test_the_key_of_a_message_is_its_app(shop: Shop) -> None:
    environment_id = await shop.environment()
    data = {"environment_id": str(environment_id), "model_version": "7.1.0"}
    wrong = await shop.script.ask("DeployPackage", data, key=environment_id)
    reason = f"the message key must be the app's id, {shop.app_id}"
    assert refused(wrong) == ("INVALID_PARAMETERS", reason, "key")


async def test_a_preflight_is_known_by_its_id(shop: Shop) -> None:
    environment_id = await shop.environment()
    ask = {
        "preflight_id": uuid4(),
        "backup_id": await shop.backup(environment_id),
        "environment_id": environment_id,
    }
    assert (await shop.ask("RequestPreflight", **ask)).name == "PreflightRequested"
    again = await shop.ask("RequestPreflight", **ask)
    assert refused(again) == ("ALREADY_EXISTS", f"preflight {ask['preflight_id']} exists", "preflight_id")


async def test_an_id_of_a_backup_is_used_once(shop: Shop) -> None:
    environment_id = await shop.environment()
    backup_id: UUID = await shop.backup(environment_id)
    again = await shop.ask("RequestBackup", backup_id=backup_id, environment_id=environment_id)
    assert refused(again) == ("ALREADY_EXISTS", f"backup {backup_id} exists", "backup_id")
