"""An upload of data from its acceptance to its end, as the catalog decides it (seed page §3.2)."""

from typing import Any
from uuid import UUID, uuid4

from tests.integration.catalog.test_refusals import refused
from tests.integration.catalog.test_restores import ago, grace_ended, prepared
from tests.support.script import Seen
from tests.support.shop import CHECKED_AT, Shop

PARCEL = {"parcel_id": str(uuid4()), "size_bytes": 100, "part_bytes": 100, "sha256": "0f" * 32}


async def upload(shop: Shop, environment_id: UUID, **changes: object) -> Seen:
    """Ask for an upload into an environment."""
    asked: dict[str, Any] = {"upload_id": uuid4(), "parcel": PARCEL, "data_type": "files_and_database"}
    return await shop.ask("RequestUpload", **asked | {"environment_id": environment_id} | changes)


async def began(shop: Shop, asked: Seen) -> None:
    """What the restore service says when it begins."""
    await _fact(shop, asked, "UploadStarted", started_at=CHECKED_AT)


async def ended(shop: Shop, asked: Seen, *, services: tuple[str, ...] = (), model_version: str | None = None) -> None:
    """What it says when the data is there."""
    await began(shop, asked)
    await _fact(shop, asked, "EnvironmentCleared", cleared_at=CHECKED_AT)
    if services:
        await _fact(shop, asked, "AppServicesUnpublished", service_names=list(services))
    done: dict[str, Any] = {"finished_at": CHECKED_AT, "switched_at": CHECKED_AT, "model_version": model_version}
    files = {"count": 1, "bytes": 2}
    await _fact(shop, asked, "DataUploaded", **done, database=None, files=files, sessions_ended=[], warnings=[])


async def failed(shop: Shop, asked: Seen) -> None:
    """What it says when nothing was changed."""
    await began(shop, asked)
    await fails(shop, asked)


async def fails(shop: Shop, asked: Seen) -> None:
    """What it says at the end of one that began."""
    why = {"code": "HOSTILE_ARCHIVE", "reason": "it looks like a bomb", "retryable": False}
    await _fact(shop, asked, "UploadFailed", finished_at=CHECKED_AT, **why)


async def _fact(shop: Shop, asked: Seen, event: str, **data: object) -> None:
    ids = {name: asked.data[name] for name in ("upload_id", "environment_id")}
    await shop.fact(event, f"restore/upload/{ids['upload_id']}", **ids, **data)


async def safety_backup_of(shop: Shop, asked: Seen) -> Seen:
    return await shop.script.event(
        lambda seen: seen.name == "BackupRequested" and seen.data["backup_id"] == asked.data["safety_backup_id"]
    )


async def test_an_upload_takes_a_pinned_safety_backup_that_names_it(shop: Shop) -> None:
    environment_id = await shop.environment()
    asked = await upload(shop, environment_id)
    assert asked.name == "UploadRequested", asked.data
    backup = await safety_backup_of(shop, asked)
    assert (backup.data["kind"], backup.data["created_by"]) == ("safety", "Karla")
    assert asked.data["upload_id"] in backup.data["comment"]
    assert backup.headers["ce_correlationid"] == asked.headers["ce_correlationid"]
    pinned = await shop.script.event(lambda seen: seen.name == "BackupPinned" and seen.key == str(shop.app_id))
    assert pinned.data["backup_id"] == asked.data["safety_backup_id"]


async def test_the_way_back_stays_as_long_as_the_upload_may_need_it(shop: Shop) -> None:
    environment_id = await shop.environment()
    asked = await upload(shop, environment_id)
    backup_id = UUID(asked.data["safety_backup_id"])
    await shop.backup_started(backup_id, environment_id)
    await shop.backup_completed(backup_id, environment_id)
    await shop.heard()
    assert (await shop.ask("UnpinBackup", backup_id=backup_id)).name == "BackupUnpinned"
    code, reason, _ = refused(await shop.ask("DeleteBackup", backup_id=backup_id, confirm_last=True))
    assert (code, f"way back of upload {asked.data['upload_id']}" in reason) == ("ERROR_NOT_ALLOWED", True)
    await failed(shop, asked)
    await shop.heard()
    deleted = await shop.ask("DeleteBackup", backup_id=backup_id, confirm_last=True)
    assert deleted.name == "BackupDeletionRequested", deleted.data


async def test_an_upload_without_a_safety_backup_takes_none(shop: Shop) -> None:
    environment_id = await shop.environment(checked=False)
    asked = await upload(shop, environment_id, safety_backup=False)
    assert asked.data["safety_backup_id"] is None
    assert len(shop.script.events_caused_by(asked.headers["ce_correlationid"])) == 1


async def test_a_safety_backup_needs_an_environment_that_can_be_backed_up(shop: Shop) -> None:
    environment_id = await shop.environment(checked=False)
    code, reason, _ = refused(await upload(shop, environment_id))
    assert (code, "no check of production has passed" in reason) == ("ERROR_NOT_ALLOWED", True)


async def test_a_running_app_is_stopped_first(shop: Shop) -> None:
    environment_id = await shop.running()
    code, reason, field = refused(await upload(shop, environment_id))
    assert (code, field) == ("ERROR_NOT_ALLOWED", "environment_id")
    assert "stop it first" in reason


async def test_an_upload_does_not_begin_while_something_else_is_under_way(shop: Shop) -> None:
    environment_id = await shop.environment()
    backup_id = await shop.backup(environment_id, completed=False)
    code, reason, _ = refused(await upload(shop, environment_id))
    assert (code, str(backup_id) in reason) == ("ENVIRONMENT_BUSY", True)


async def test_nothing_else_changes_an_environment_during_an_upload(shop: Shop) -> None:
    environment_id = await shop.environment()
    asked = await upload(shop, environment_id, safety_backup=False)
    for command, data in (
        ("DeployPackage", {"model_version": "2.0.0"}),
        ("StartEnvironment", {}),
        ("PublishAppService", {"service_name": "orders"}),
        ("RemoveEnvironment", {}),
    ):
        code, reason, _ = refused(await shop.ask(command, environment_id=environment_id, **data))
        assert (code, asked.data["upload_id"] in reason) == ("ENVIRONMENT_BUSY", True), command
    assert refused(await upload(shop, environment_id))[0] == "ENVIRONMENT_BUSY"
    assert (await shop.ask("RequestBackup", backup_id=uuid4(), environment_id=environment_id)).name == "BackupRequested"


async def test_an_upload_clears_the_package_and_unpublishes_services_of_production(shop: Shop) -> None:
    environment_id = await shop.environment()
    await shop.ask("DeployPackage", environment_id=environment_id, model_version="7.1.0")
    for name in ("orders", "stock"):
        await shop.ask("PublishAppService", environment_id=environment_id, service_name=name)
    asked = await upload(shop, environment_id, safety_backup=False)
    assert asked.data["app_services"] == ["orders", "stock"]
    await ended(shop, asked, services=("orders", "stock"), model_version="6.0.0")
    await shop.heard()
    code, reason, _ = refused(await shop.ask("StartEnvironment", environment_id=environment_id))
    assert (code, "nothing is deployed" in reason) == ("ERROR_NOT_ALLOWED", True)
    again = await shop.ask("PublishAppService", environment_id=environment_id, service_name="orders")
    assert again.name == "AppServicePublished"


async def test_services_of_another_environment_stay_published(shop: Shop) -> None:
    environment_id = await shop.environment("acceptance", mode="acceptance")
    await shop.ask("PublishAppService", environment_id=environment_id, service_name="orders")
    assert (await upload(shop, environment_id, safety_backup=False)).data["app_services"] == []


async def test_an_upload_that_failed_leaves_everything_as_it_was(shop: Shop) -> None:
    environment_id = await shop.environment()
    await shop.ask("DeployPackage", environment_id=environment_id, model_version="7.1.0")
    await failed(shop, await upload(shop, environment_id, safety_backup=False))
    await shop.heard()
    assert (await shop.ask("StartEnvironment", environment_id=environment_id)).name == "EnvironmentStarted"


async def test_what_was_cleared_stays_cleared_although_the_upload_fails_after_it(shop: Shop) -> None:
    environment_id = await shop.environment()
    await shop.ask("DeployPackage", environment_id=environment_id, model_version="7.1.0")
    await shop.ask("PublishAppService", environment_id=environment_id, service_name="orders")
    asked = await upload(shop, environment_id, safety_backup=False)
    await began(shop, asked)
    await _fact(shop, asked, "AppServicesUnpublished", service_names=["orders"])
    await _fact(shop, asked, "PackageRemoved", removed_at=CHECKED_AT)
    await fails(shop, asked)
    await shop.heard()
    code, reason, _ = refused(await shop.ask("StartEnvironment", environment_id=environment_id))
    assert (code, "nothing is deployed" in reason) == ("ERROR_NOT_ALLOWED", True)
    unpublished = await shop.ask("UnpublishAppService", environment_id=environment_id, service_name="orders")
    assert refused(unpublished)[0] == "NOT_FOUND"
    await shop.ask("DeployPackage", environment_id=environment_id, model_version="7.1.0")
    assert (await shop.ask("StartEnvironment", environment_id=environment_id)).name == "EnvironmentStarted"


async def test_an_upload_ends_the_grace_of_the_restore_before_it(shop: Shop) -> None:
    backup_id, acceptance = await prepared(shop)
    restore_id = await shop.restore(backup_id, acceptance, switched_at=ago(hours=1))
    await shop.heard()
    asked = await upload(shop, acceptance, safety_backup=False)
    await ended(shop, asked)
    over = await grace_ended(shop, restore_id)
    assert over.data["reason"] == f"upload {asked.data['upload_id']} has switched since"


async def test_an_upload_is_cancelled_once_and_only_while_it_is_under_way(shop: Shop) -> None:
    environment_id = await shop.environment()
    asked = await upload(shop, environment_id, safety_backup=False)
    upload_id = asked.data["upload_id"]
    assert (await shop.ask("CancelUpload", upload_id=upload_id)).name == "UploadCancelRequested"
    assert "cancelled already" in refused(await shop.ask("CancelUpload", upload_id=upload_id))[1]
    await failed(shop, asked)
    await shop.heard()
    assert "this upload is failed" in refused(await shop.ask("CancelUpload", upload_id=upload_id))[1]
    assert refused(await shop.ask("CancelUpload", upload_id=uuid4()))[0] == "NOT_FOUND"


async def test_an_import_is_kept_like_a_backup_that_a_person_asked_for(shop: Shop) -> None:
    environment_id, backup_id = await shop.running(), uuid4()
    asked = {"environment_id": environment_id, "parcel": PARCEL, "comment": "from the old platform"}
    requested = await shop.ask("ImportBackup", backup_id=backup_id, model_version="6.3.0", **asked)
    assert requested.name == "BackupRequested", requested.data
    assert (requested.data["kind"], requested.data["model_version"]) == ("uploaded", "6.3.0")
    assert requested.data["parcel"] == PARCEL
    assert requested.data["expires_at"] is not None
    assert refused(await shop.ask("ImportBackup", backup_id=backup_id, **asked))[0] == "ALREADY_EXISTS"


async def test_the_same_upload_is_accepted_once(shop: Shop) -> None:
    environment_id, upload_id = await shop.environment(), uuid4()
    assert (await upload(shop, environment_id, upload_id=upload_id)).name == "UploadRequested"
    assert refused(await upload(shop, environment_id, upload_id=upload_id))[0] == "ALREADY_EXISTS"
