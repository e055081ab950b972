"""Where the read model cannot follow in time, the answer says so instead of showing an old state as the new one."""

import asyncio
from secrets import token_hex
from typing import Final
from uuid import uuid4

import httpx
import pytest

from contracts.defaults import READ_YOUR_WRITES_SECONDS
from services.gateway.domain.rights import Scope
from tests.integration.gateway.test_people import customer, give, let_in, new_user
from tests.support.gateway import Api
from tests.support.lagging import held_up

HOLD: Final = "SELECT FROM read.environment WHERE environment_id = $1::text::uuid FOR UPDATE"
HOLD_ALL: Final = "LOCK TABLE read.app IN SHARE MODE"


async def test_a_read_model_that_is_held_up_is_told_in_a_header_and_catches_up(
    api: Api, hasty: httpx.AsyncClient
) -> None:
    environment = await api.ready_environment()
    environment_id = environment["environment_id"]
    place = f"/api/v1/environments/{environment_id}"

    async with held_up(api, HOLD, environment_id):
        accepted = await hasty.post(f"{place}/backups")
        old = await hasty.get(f"{place}/backups")

    assert (accepted.status_code, accepted.json()["state"]) == (202, "queued"), accepted.text
    assert old.json()["backups"] == []
    assert old.headers["nightkeep-read-lag"] == f"catalog/backup/{accepted.json()['backup_id']}@1"
    new = await api.client.get(f"{place}/backups")
    assert [one["backup_id"] for one in new.json()["backups"]] == [accepted.json()["backup_id"]]
    assert "nightkeep-read-lag" not in new.headers


async def test_a_backup_that_was_asked_for_is_told_at_once_as_it_is_told_afterwards(
    api: Api, hasty: httpx.AsyncClient
) -> None:
    environment = await api.ready_environment()
    place = f"/api/v1/environments/{environment['environment_id']}/backups"
    key, asked = {"Idempotency-Key": "before-it-can-be-read"}, {"comment": "Before the release"}
    snapshots = f"/api/v2/apps/{environment['app_id']}/environments/{environment['environment_id']}/snapshots"

    async with held_up(api, HOLD, environment["environment_id"]):
        early = await hasty.post(place, headers=key, json=asked)
        again = await hasty.post(place, headers=key, json=asked)
        compatible = await hasty.post(snapshots, json=asked)
        unread = await hasty.get(f"{snapshots}/{compatible.json()['snapshot_id']}")
        missing = await hasty.get(f"{snapshots}/{uuid4()}")
    late = await api.client.get(f"/api/v1/backups/{early.json()['backup_id']}")
    snapshot = await api.client.get(f"{snapshots}/{compatible.json()['snapshot_id']}")

    assert (early.json(), again.json()) == (late.json(), late.json())
    assert compatible.json() == snapshot.json()
    assert (unread.status_code, unread.json()["errorCode"]) == (500, "SERVICE_UNAVAILABLE"), "try again"
    assert missing.status_code == 404


async def test_a_read_by_the_compatible_api_says_too_that_it_lags(api: Api, hasty: httpx.AsyncClient) -> None:
    environment = await api.ready_environment()
    environment_id = environment["environment_id"]
    place = f"/api/v2/apps/{environment['app_id']}/environments/{environment_id}/snapshots"

    async with held_up(api, HOLD, environment_id):
        accepted = await hasty.post(f"/api/v1/environments/{environment_id}/backups")
        old = await hasty.get(place)
    new = await api.client.get(place)

    assert (accepted.status_code, old.json()["total"], new.json()["total"]) == (202, 0, 1)
    assert old.headers["nightkeep-read-lag"] == f"catalog/backup/{accepted.json()['backup_id']}@1"
    assert "nightkeep-read-lag" not in new.headers


@pytest.mark.parametrize("everywhere", [False, True], ids=["a user with rights there", "an administrator"])
async def test_what_was_accepted_is_not_known_yet_instead_of_missing(
    api: Api, hasty: httpx.AsyncClient, everywhere: object
) -> None:
    environment, user = await api.ready_environment(), await new_user(api)
    await give(api, f"/environments/{environment['environment_id']}", user, Scope.READ, Scope.CREATE)
    key = api.key if everywhere else await let_in(api, user)
    stranger = await new_user(api, (await customer(api))["organisation_id"])
    auth = {"Authorization": f"Bearer {key}"}
    strange = {"Authorization": f"Bearer {await let_in(api, stranger)}"}

    async with held_up(api, HOLD, environment["environment_id"]):
        accepted = await hasty.post(f"/api/v1/environments/{environment['environment_id']}/backups", headers=auth)
        where = f"/api/v1/backups/{accepted.json()['backup_id']}"
        early = await hasty.get(where, headers=auth)
        of_another = await hasty.get(where, headers=strange)
    late = await api.client.get(where, headers=auth)

    assert accepted.status_code == 202, accepted.text
    assert (early.status_code, early.json()["errorCode"], early.headers["retry-after"]) == (503, "NOT_KNOWN_YET", "1")
    assert (of_another.status_code, of_another.json()["errorCode"]) == (404, "NOT_FOUND"), "existence is not revealed"
    assert late.status_code == 200, late.text


async def test_what_was_accepted_is_waited_for_where_there_is_no_answer_without_it(
    api: Api, hasty: httpx.AsyncClient
) -> None:
    environment = await api.ready_environment()
    environment_id = environment["environment_id"]

    async with held_up(api, HOLD, environment_id):
        accepted = await hasty.post(f"/api/v1/environments/{environment_id}/backups")
        where = f"/api/v1/backups/{accepted.json()['backup_id']}"
        reading = asyncio.create_task(hasty.get(where))
        changing = asyncio.create_task(hasty.put(f"{where}/comment", json={"comment": "late"}))
        await asyncio.sleep(2 * READ_YOUR_WRITES_SECONDS)
        early = reading.done() or changing.done()
    read, changed = await reading, await changing

    assert not early
    assert (read.status_code, read.json()["backup_id"]) == (200, accepted.json()["backup_id"]), read.text
    assert changed.is_success, changed.text


async def test_an_app_that_was_accepted_is_not_known_yet_to_its_organisation(
    api: Api, hasty: httpx.AsyncClient
) -> None:
    ours = await customer(api)
    boss = await new_user(api, ours["organisation_id"])
    await give(api, f"/organisations/{ours['organisation_id']}", boss, Scope.ADMIN, Scope.READ)
    stranger = await new_user(api, (await customer(api))["organisation_id"])
    auth = {"Authorization": f"Bearer {await let_in(api, boss)}"}
    strange = {"Authorization": f"Bearer {await let_in(api, stranger)}"}

    async with held_up(api, HOLD_ALL):
        slug = f"late-{token_hex(4)}"
        accepted = await hasty.post("/api/v1/apps", headers=auth, json={"name": slug, "slug": slug})
        early = await hasty.get(accepted.headers["location"], headers=auth)
        of_another = await hasty.get(accepted.headers["location"], headers=strange)
    late = await api.client.get(accepted.headers["location"], headers=auth)

    assert accepted.status_code == 202, accepted.text
    assert (early.status_code, early.json()["errorCode"]) == (503, "NOT_KNOWN_YET"), early.text
    assert (of_another.status_code, of_another.json()["errorCode"]) == (404, "APP_NOT_FOUND")
    assert (late.status_code, late.json()["slug"]) == (200, slug)
