"""A restore from its acceptance to the end of its grace, as the catalog decides it (spec: environments)."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from tests.integration.catalog.test_refusals import refused
from tests.support.script import Seen
from tests.support.shop import CHECKED_AT, Shop

OVER = (
    "ERROR_NOT_ALLOWED",
    "the time to undo this restore is over: its grace ended, or a newer one has switched since",
)


def ago(**passed: float) -> str:
    return (datetime.now(UTC) - timedelta(**passed)).isoformat()


async def prepared(shop: Shop, *, model_version: str | None = None) -> tuple[UUID, UUID]:
    """A completed backup of production, and a stopped acceptance environment."""
    production, acceptance = await shop.environment(), await shop.environment("acceptance")
    if model_version:
        await shop.ask("DeployPackage", environment_id=production, model_version=model_version)
    return await shop.backup(production), acceptance


async def grace_ended(shop: Shop, restore_id: UUID) -> Seen:
    return await shop.script.event(
        lambda seen: seen.name == "RestoreGraceEnded" and seen.data["restore_id"] == str(restore_id)
    )


async def undo_failed(shop: Shop, restore_id: UUID, environment_id: UUID) -> None:
    await shop.fact(
        "RestoreUndoFailed",
        f"restore/restore/{restore_id}",
        restore_id=restore_id,
        environment_id=environment_id,
        finished_at=CHECKED_AT,
        code="INTERNAL",
        reason="the server went away",
        retryable=True,
    )


async def undone(shop: Shop, restore_id: UUID, environment_id: UUID) -> None:
    ids = {"restore_id": restore_id, "environment_id": environment_id}
    stream = f"restore/restore/{restore_id}"
    await shop.fact("RestoreUndone", stream, **ids, finished_at=CHECKED_AT, warnings=[])


async def test_a_restore_is_undone_within_its_grace_and_once(shop: Shop) -> None:
    backup_id, acceptance = await prepared(shop)
    restore_id = await shop.restore(backup_id, acceptance, switched_at=ago(hours=23))
    await shop.heard()
    asked = await shop.ask("UndoRestore", restore_id=restore_id)
    assert asked.name == "RestoreUndoRequested"
    assert asked.data["requested_by"] == "Karla"
    busy = refused(await shop.ask("UndoRestore", restore_id=restore_id))
    assert busy[0] == "ENVIRONMENT_BUSY"
    await undone(shop, restore_id, acceptance)
    await shop.heard()
    again = refused(await shop.ask("UndoRestore", restore_id=restore_id))
    assert again == ("ERROR_NOT_ALLOWED", "this restore is undone", "restore_id")


async def test_an_undo_that_failed_may_be_asked_for_again(shop: Shop) -> None:
    backup_id, acceptance = await prepared(shop)
    restore_id = await shop.restore(backup_id, acceptance, switched_at=ago(hours=1))
    await shop.heard()
    assert (await shop.ask("UndoRestore", restore_id=restore_id)).name == "RestoreUndoRequested"
    await undo_failed(shop, restore_id, acceptance)
    await shop.heard()
    assert (await shop.ask("UndoRestore", restore_id=restore_id)).name == "RestoreUndoRequested"


async def test_an_undo_needs_a_stopped_and_idle_environment(shop: Shop) -> None:
    backup_id, acceptance = await prepared(shop)
    restore_id = await shop.restore(backup_id, acceptance, switched_at=ago(hours=1))
    await shop.heard()
    await shop.ask("DeployPackage", environment_id=acceptance, model_version="7.1.0")
    await shop.ask("StartEnvironment", environment_id=acceptance)
    running = refused(await shop.ask("UndoRestore", restore_id=restore_id))
    assert running[:2] == ("ERROR_NOT_ALLOWED", "the app runs in acceptance: stop it first")
    await shop.ask("StopEnvironment", environment_id=acceptance)
    await shop.backup(acceptance, completed=False)
    assert refused(await shop.ask("UndoRestore", restore_id=restore_id))[0] == "ENVIRONMENT_BUSY"


async def test_after_a_day_a_restore_cannot_be_undone_and_the_clock_says_so_once(shop: Shop) -> None:
    backup_id, acceptance = await prepared(shop)
    restore_id = await shop.restore(backup_id, acceptance, switched_at=ago(hours=24, seconds=1))
    await shop.heard()
    assert refused(await shop.ask("UndoRestore", restore_id=restore_id))[:2] == OVER
    ended = await grace_ended(shop, restore_id)
    requested = await shop.script.event(
        lambda seen: seen.name == "RestoreRequested" and seen.data["restore_id"] == str(restore_id)
    )
    assert ended.data["reason"] == "its time was over"
    assert ended.headers["ce_actor"] == "clock"
    assert ended.headers["ce_correlationid"] == requested.headers["ce_correlationid"]
    assert ended.headers["ce_causationid"] == requested.headers["ce_id"]
    assert ended.stream == f"catalog/restore/{restore_id}:2"
    assert ended.key == str(shop.app_id)


async def test_only_the_newest_switch_can_be_undone_even_when_that_was_undone(shop: Shop) -> None:
    backup_id, acceptance = await prepared(shop)
    older = await shop.restore(backup_id, acceptance, switched_at=ago(hours=2))
    await shop.heard()
    newer = await shop.restore(backup_id, acceptance, switched_at=ago(hours=1))
    ended = await grace_ended(shop, older)
    assert ended.data["reason"] == f"restore {newer} has switched since"
    assert refused(await shop.ask("UndoRestore", restore_id=older))[:2] == OVER
    assert (await shop.ask("UndoRestore", restore_id=newer)).name == "RestoreUndoRequested"
    await undone(shop, newer, acceptance)
    await shop.heard()
    assert refused(await shop.ask("UndoRestore", restore_id=older))[:2] == OVER


async def test_a_restore_that_failed_leaves_the_environment_free(shop: Shop) -> None:
    backup_id, acceptance = await prepared(shop)
    restore_id = await shop.restore(backup_id, acceptance)
    cancelled = await shop.ask("CancelRestore", restore_id=restore_id)
    assert cancelled.name == "RestoreCancelRequested"
    await shop.fact(
        "RestoreFailed",
        f"restore/restore/{restore_id}",
        restore_id=restore_id,
        environment_id=acceptance,
        finished_at=CHECKED_AT,
        code="CANCELLED",
        reason="cancelled by Karla",
        retryable=True,
    )
    await shop.heard()
    assert refused(await shop.ask("CancelRestore", restore_id=restore_id))[1] == (
        "this restore is failed: there is nothing to cancel"
    )
    assert await shop.restore(backup_id, acceptance)


async def test_a_preflight_is_cancelled_once_and_only_until_something_is_found(shop: Shop) -> None:
    backup_id, acceptance = await prepared(shop)
    preflight_id = uuid4()
    ask, stream = {"backup_id": backup_id, "environment_id": acceptance}, f"restore/preflight/{preflight_id}"
    await shop.ask("RequestPreflight", preflight_id=preflight_id, **ask)
    cancelled = await shop.ask("CancelPreflight", preflight_id=preflight_id)
    assert (cancelled.name, cancelled.data["environment_id"]) == ("PreflightCancelRequested", str(acceptance))
    again = refused(await shop.ask("CancelPreflight", preflight_id=preflight_id))
    assert again[:2] == ("ERROR_NOT_ALLOWED", "this preflight is being cancelled already")
    told = {"preflight_id": preflight_id, "environment_id": acceptance, "checked_at": CHECKED_AT, "findings": []}
    await shop.fact("PreflightCompleted", stream, **told, passed=False)
    await shop.heard()
    late = refused(await shop.ask("CancelPreflight", preflight_id=preflight_id))
    assert late[:2] == ("ERROR_NOT_ALLOWED", "this preflight has failed: there is nothing to cancel")
    assert refused(await shop.ask("CancelPreflight", preflight_id=uuid4()))[0] == "NOT_FOUND"


async def test_an_older_model_version_is_a_warning(shop: Shop) -> None:
    backup_id, acceptance = await prepared(shop, model_version="7.9.0")
    ask = {"backup_id": backup_id, "environment_id": acceptance}
    await shop.ask("DeployPackage", environment_id=acceptance, model_version="7.10.0")
    preflight = await shop.ask("RequestPreflight", preflight_id=uuid4(), **ask)
    told = {name: known for name, known in preflight.data["facts"].items() if known is not None}
    assert told == {"run_state": "stopped", "model_version": "7.10.0", "backup_model_version": "7.9.0"}
    requested = await shop.ask("RequestRestore", restore_id=uuid4(), **ask)
    for seen in (preflight, requested):
        (warning,) = seen.data["warnings"]
        assert warning["code"] == "OLDER_MODEL_VERSION"
        assert "model version 7.9.0" in warning["message"]
        assert "7.10.0" in warning["message"]


async def test_the_same_or_a_newer_model_version_is_no_warning(shop: Shop) -> None:
    backup_id, acceptance = await prepared(shop, model_version="7.10.0")
    for deployed in ("7.10.0", "7.9.0"):
        await shop.ask("DeployPackage", environment_id=acceptance, model_version=deployed)
        ask = {"backup_id": backup_id, "environment_id": acceptance}
        preflight = await shop.ask("RequestPreflight", preflight_id=uuid4(), **ask)
        assert preflight.data["warnings"] == []


async def test_a_preflight_tells_what_would_refuse_the_restore(shop: Shop) -> None:
    backup_id, acceptance = await prepared(shop)
    await shop.backup(acceptance, completed=False)
    ask = {"backup_id": backup_id, "environment_id": acceptance}
    preflight = await shop.ask("RequestPreflight", preflight_id=uuid4(), **ask)
    assert [warning["code"] for warning in preflight.data["warnings"]] == ["ENVIRONMENT_BUSY"]
