"""What people ask at the same moment: one of them wins, and all are told the same."""

import asyncio

import httpx
import pytest

from tests.support.gateway import Api, Json


async def ready(api: Api) -> tuple[Json, Json]:
    """An environment with a completed backup, and a stopped one of the same app to restore it into."""
    app = await api.new_app()
    production = await api.new_environment(app, "production")
    acceptance = await api.new_environment(app, "acceptance")
    place = f"/api/v1/environments/{production['environment_id']}"
    backup: Json = (await api.client.post(f"{place}/backups", json={})).json()
    await api.completed(production, backup)
    return backup, acceptance


@pytest.mark.parametrize("apart_seconds", [0.0, 0.05])
async def test_of_two_restores_into_one_environment_one_is_accepted(api: Api, apart_seconds: float) -> None:
    backup, acceptance = await ready(api)
    place = f"/api/v1/environments/{acceptance['environment_id']}/restores"

    async def restore(after_seconds: float) -> httpx.Response:
        await asyncio.sleep(after_seconds)
        return await api.client.post(place, json={"backup_id": backup["backup_id"]})

    answers = await asyncio.gather(restore(0.0), restore(apart_seconds))
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    assert won.status_code == httpx.codes.ACCEPTED, won.text
    assert lost.json()["errorCode"] == "ENVIRONMENT_BUSY"
    assert won.json()["restore_id"] in lost.json()["errorMessage"]
    listed = (await api.client.get(place)).json()["restores"]
    assert [one["restore_id"] for one in listed] == [won.json()["restore_id"]]


@pytest.mark.parametrize("told_after_seconds", [0.0, 0.5])
async def test_a_backup_that_is_cancelled_while_it_completes_is_completed_for_everybody(
    api: Api, told_after_seconds: float
) -> None:
    environment = await api.ready_environment()
    place = f"/api/v1/environments/{environment['environment_id']}/backups"
    backup: Json = (await api.client.post(place, json={})).json()
    at = f"/api/v1/backups/{backup['backup_id']}"

    async def completes() -> None:
        await asyncio.sleep(told_after_seconds)
        await api.completed(environment, backup)

    cancelled, _ = await asyncio.gather(api.client.post(f"{at}/cancel"), completes())
    assert cancelled.status_code == httpx.codes.ACCEPTED or cancelled.json()["errorCode"] == "ERROR_NOT_ALLOWED"
    seen: Json = (await api.client.get(at)).json()
    assert seen["state"] == "completed"
    assert (await api.client.post(f"{at}/cancel")).json()["errorCode"] == "ERROR_NOT_ALLOWED"
