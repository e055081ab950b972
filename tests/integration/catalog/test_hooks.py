"""Where an environment has a hook, its app runs or is stopped when the platform has said so."""

from typing import Final
from uuid import UUID, uuid4

from tests.integration.catalog.test_refusals import refused
from tests.support.script import Seen
from tests.support.shop import CHECKED_AT, Shop

HOOK: Final = {"url": "https://platform.example.com/hook", "secret": "secret:hook"}


async def answer(shop: Shop, asked: Seen, event: str, **data: object) -> None:
    """What the restore service says at the end of a call."""
    told = {name: asked.data[name] for name in ("call_id", "environment_id", "action")}
    await shop.fact(event, f"restore/hook/{asked.data['call_id']}", **told, **data)


async def deployed(shop: Shop) -> UUID:
    """A stopped environment with a hook and a package."""
    environment_id = await shop.environment(hook=HOOK)
    await shop.ask("DeployPackage", environment_id=environment_id, model_version="7.1.0")
    return environment_id


async def test_an_app_runs_once_its_platform_has_started_it(shop: Shop) -> None:
    environment_id = await deployed(shop)
    backup_id = await shop.backup(environment_id)
    asked = await shop.ask("StartEnvironment", environment_id=environment_id)
    assert (asked.name, asked.data["action"]) == ("HookCallRequested", "start")

    restore = {"restore_id": uuid4(), "backup_id": backup_id, "database_only": False}
    for command in ("StopEnvironment", "StartEnvironment", "RemoveEnvironment", "RequestRestore"):
        told = restore if command == "RequestRestore" else {}
        code, reason, _ = refused(await shop.ask(command, environment_id=environment_id, **told))
        assert (code, "being asked to start" in reason) == ("ENVIRONMENT_BUSY", True), command

    await answer(shop, asked, "HookAnswered", answered_at=CHECKED_AT)
    stopping = await shop.ask("StopEnvironment", environment_id=environment_id)
    assert (stopping.name, stopping.data["action"]) == ("HookCallRequested", "stop")
    assert stopping.data["call_id"] != asked.data["call_id"]


async def test_an_app_that_its_platform_did_not_stop_still_runs(shop: Shop) -> None:
    environment_id = await deployed(shop)
    started = await shop.ask("StartEnvironment", environment_id=environment_id)
    await answer(shop, started, "HookAnswered", answered_at=CHECKED_AT)
    asked = await shop.ask("StopEnvironment", environment_id=environment_id)
    await answer(shop, asked, "HookFailed", failed_at=CHECKED_AT, reason="the hook answered 409")
    backup_id = await shop.backup(environment_id)
    restore = {"restore_id": backup_id, "backup_id": backup_id, "environment_id": environment_id}
    code, reason, _ = refused(await shop.ask("RequestRestore", **restore, database_only=False))
    assert (code, "stop it first" in reason) == ("ERROR_NOT_ALLOWED", True)


async def test_a_service_is_published_until_its_platform_has_taken_it_back(shop: Shop) -> None:
    environment_id = await deployed(shop)
    for name in ("orders", "stock"):
        await shop.ask("PublishAppService", environment_id=environment_id, service_name=name)
    orders = {"environment_id": environment_id, "service_name": "orders"}

    refusing = await shop.ask("UnpublishAppService", **orders)
    await answer(shop, refusing, "HookFailed", failed_at=CHECKED_AT, reason="the hook answered 409")
    still = refused(await shop.ask("PublishAppService", **orders))
    asked = await shop.ask("UnpublishAppService", **orders)
    busy = refused(await shop.ask("UnpublishAppService", environment_id=environment_id, service_name="stock"))
    await answer(shop, asked, "HookAnswered", answered_at=CHECKED_AT)

    assert (asked.name, asked.data["action"], asked.data["app_services"]) == (
        "HookCallRequested",
        "unpublish",
        ["orders"],
    )
    assert (still[0], busy[0], "asked to unpublish" in busy[1]) == ("ALREADY_EXISTS", "ENVIRONMENT_BUSY", True)
    assert refused(await shop.ask("UnpublishAppService", **orders))[0] == "NOT_FOUND"
    starting = await shop.ask("StartEnvironment", environment_id=environment_id)
    assert starting.data["action"] == "start", "it was stopped, and still is"
    await answer(shop, starting, "HookAnswered", answered_at=CHECKED_AT)
    assert refused(await shop.ask("PublishAppService", environment_id=environment_id, service_name="stock"))[0] == (
        "ALREADY_EXISTS"
    )


async def test_without_its_hook_an_environment_is_what_the_commands_say(shop: Shop) -> None:
    environment_id = await deployed(shop)
    updated = await shop.ask("UpdateEnvironment", environment_id=environment_id, name="renamed")
    assert updated.data["hook"] == HOOK
    updated = await shop.ask("UpdateEnvironment", environment_id=environment_id, without_hook=True)
    assert updated.data["hook"] is None
    assert (await shop.ask("StartEnvironment", environment_id=environment_id)).name == "EnvironmentStarted"
