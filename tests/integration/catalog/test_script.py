"""A program that has nothing but a Kafka client and the published contract can work with the catalog."""

import signal
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from tests.support.running_services import Platform
from tests.support.script import Script
from tests.support.shop import Shop


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def test_a_script_registers_requests_and_sees_the_events(script: Script) -> None:
    app_id, environment_id, backup_id = uuid4(), uuid4(), uuid4()
    shop = Shop(script, app_id)
    app = await shop.register()
    assert app.name == "AppRegistered"
    assert app.key == str(app_id)
    assert app.headers["ce_source"] == "nightkeep/catalog"
    assert app.stream == f"catalog/app/{app_id}:1"
    assert app.headers["ce_actor"] == "user:Karla"

    registered = await shop.ask("RegisterEnvironment", **shop.described(environment_id))
    assert registered.name == "EnvironmentRegistered"
    await shop.checked(environment_id, registered.data["check_id"])
    deployed = await shop.ask("DeployPackage", environment_id=environment_id, model_version="7.1.0")
    assert deployed.stream == f"catalog/environment/{environment_id}:2"

    command_id = await script.send(
        "RequestBackup",
        {"backup_id": str(backup_id), "environment_id": str(environment_id), "comment": "before the release"},
        key=app_id,
    )
    backup = await script.outcome(command_id)
    assert backup.name == "BackupRequested"
    assert backup.headers["ce_correlationid"] == command_id
    assert backup.stream == f"catalog/backup/{backup_id}:1"
    told = backup.data
    assert (told["kind"], told["created_by"], told["comment"]) == ("on_demand", "Karla", "before the release")
    assert (told["model_version"], told["policy"], told["policy_version"]) == ("7.1.0", "classic", 1)
    assert told["tiers"][0] == "daily"
    assert at(told["expires_at"]) >= at(told["created_at"]) + timedelta(days=14)
    assert told["calendar_offset"] == "+01:00"


async def test_a_command_delivered_twice_has_one_effect(shop: Shop) -> None:
    environment_id, backup_id = await shop.environment(), uuid4()
    data = {"backup_id": str(backup_id), "environment_id": str(environment_id)}
    command_id = str(uuid4())
    for _ in range(3):
        await shop.script.send("RequestBackup", data, key=shop.app_id, command_id=command_id)
    await shop.script.outcome(command_id)
    await _everything_was_read(shop)
    assert [seen.name for seen in shop.script.caused_by(command_id)] == ["BackupRequested"]


async def test_a_command_delivered_again_after_a_restart_has_one_effect(catalog: Platform, shop: Shop) -> None:
    environment_id, backup_id = await shop.environment(), uuid4()
    data = {"backup_id": str(backup_id), "environment_id": str(environment_id)}
    accepted = await shop.script.send("RequestBackup", data, key=shop.app_id)
    refused = await shop.script.send("RequestBackup", data, key=shop.app_id)
    assert (await shop.script.outcome(accepted)).name == "BackupRequested"
    assert (await shop.script.outcome(refused)).data["code"] == "ALREADY_EXISTS"

    catalog.services["catalog"].end(signal.SIGKILL)
    for command_id in (accepted, refused):
        await shop.script.send("RequestBackup", data, key=shop.app_id, command_id=command_id)
    await catalog.start("catalog")
    await _everything_was_read(shop)
    assert [seen.name for seen in shop.script.caused_by(accepted)][:1] == ["BackupRequested"]
    assert [seen.name for seen in shop.script.caused_by(refused)][:1] == ["CommandRejected"]
    assert [len(shop.script.events_caused_by(command_id)) for command_id in (accepted, refused)] == [1, 1]


async def test_a_killed_catalog_leaves_nothing_outside_its_own_directory(
    catalog: Platform, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    for _ in range(2):
        catalog.services["catalog"].end(signal.SIGKILL)
        await catalog.start("catalog")
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240 -- one look at a directory


async def test_what_was_sent_while_the_catalog_was_away_is_decided_when_it_is_back(
    catalog: Platform, shop: Shop
) -> None:
    environment_id = await shop.environment()
    assert catalog.services["catalog"].end(signal.SIGTERM) == 0
    sent = [await _backup(shop, environment_id) for _ in range(20)]
    await catalog.start("catalog")
    for command_id in sent:
        assert (await shop.script.outcome(command_id)).name == "BackupRequested"


async def test_every_command_of_a_flood_has_exactly_one_outcome_in_its_order(shop: Shop) -> None:
    environment_id = await shop.environment()
    sent = [await _backup(shop, environment_id) for _ in range(300)]
    await shop.script.outcome(sent[-1])
    assert [len(shop.script.caused_by(command_id)) for command_id in sent] == [1] * 300
    offsets = [shop.script.caused_by(command_id)[0].offset for command_id in sent]
    assert offsets == sorted(offsets)


async def test_two_catalogs_share_the_work_and_one_that_is_killed_loses_nothing(
    catalog: Platform, script: Script
) -> None:
    first = catalog.services.pop("catalog")
    try:
        await catalog.start("catalog")
        shops = [Shop(script) for _ in range(8)]
        for shop in shops:
            await shop.register()
        environments = [await shop.environment() for shop in shops]
        sent = [await _backup(shops[n % 8], environments[n % 8]) for n in range(100)]
        first.end(signal.SIGKILL)
        sent += [await _backup(shops[n % 8], environments[n % 8]) for n in range(100)]
        for command_id in sent:
            await script.outcome(command_id)
        assert [len(script.events_caused_by(command_id)) for command_id in sent] == [1] * 200
    finally:
        first.end(signal.SIGKILL)


@pytest.mark.parametrize("actor", ["user:Ada Lovelace", "nightly"])
async def test_a_backup_says_who_asked_for_it(shop: Shop, actor: str) -> None:
    environment_id = await shop.environment()
    data = {"backup_id": str(uuid4()), "environment_id": str(environment_id)}
    backup = await shop.script.ask("RequestBackup", data, key=shop.app_id, actor=actor)
    assert backup.data["created_by"] == {"user:Ada Lovelace": "Ada Lovelace", "nightly": "Nightly"}[actor]


async def _backup(shop: Shop, environment_id: UUID) -> str:
    data = {"backup_id": str(uuid4()), "environment_id": str(environment_id)}
    return await shop.script.send("RequestBackup", data, key=shop.app_id)


async def _everything_was_read(shop: Shop) -> None:
    """What is sent now is decided after all that was sent before it."""
    await shop.ask("UpdateApp", app_id=shop.app_id, name="Shop, renamed")
