"""What a lost answer costs: a request that is repeated under its key makes nothing anew and takes nothing back."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from contracts.defaults import COMMANDS_KEPT_DAYS
from services.gateway.adapters.asked import Asked
from tests.integration.gateway.test_people import has, key_id, new_user, said, told
from tests.support.gateway import Api, Json

ACCEPT, KEYS, WEBHOOKS = "/api/v1/invitations/accept", "/api/v1/keys", "/api/v1/webhooks"
REUSED, FORBIDDEN = (409, "IDEMPOTENCY_KEY_REUSED"), (403, "NO_ACCESS")


def fresh() -> dict[str, str]:
    return {"Idempotency-Key": uuid4().hex}


async def invited(api: Api, user: Json, key: dict[str, str] | None = None) -> httpx.Response:
    return await api.client.post(f"/api/v1/users/{user['user_id']}/invitations", headers=key or fresh())


async def accepted(api: Api, token: str, key: dict[str, str]) -> httpx.Response:
    async with api.connect() as stranger:
        return await stranger.post(ACCEPT, json={"token": token}, headers=key)


async def test_an_invitation_that_is_asked_for_again_is_the_same_and_stays_good(api: Api) -> None:
    user, key = await new_user(api), fresh()
    made = (await invited(api, user, key)).json()
    again = await invited(api, user, key)
    assert (again.status_code, again.json()) == (201, made | {"token": None})
    assert (await accepted(api, made["token"], fresh())).status_code == 201
    assert (await invited(api, user, key)).status_code == 201
    bodies = await said(api, user["user_id"], has("InvitationAccepted"))
    assert [type(one).__name__ for one in bodies].count("UserInvited") == 1


async def test_a_late_repeat_takes_back_no_newer_invitation(api: Api) -> None:
    user, key = await new_user(api), fresh()
    old = (await invited(api, user, key)).json()
    newest = (await invited(api, user)).json()
    assert (await invited(api, user, key)).json()["token"] is None
    assert (await accepted(api, old["token"], fresh())).status_code == 403
    assert (await accepted(api, newest["token"], fresh())).status_code == 201


async def test_a_key_invites_one_user(api: Api) -> None:
    key = fresh()
    assert (await invited(api, await new_user(api), key)).status_code == 201
    assert told(await invited(api, await new_user(api), key)) == REUSED


async def test_who_repeats_the_acceptance_under_its_key_gets_the_first_key_again_and_nobody_else_does(api: Api) -> None:
    user, key = await new_user(api), fresh()
    token = (await invited(api, user)).json()["token"]
    first, again = await accepted(api, token, key), await accepted(api, token, key)
    assert (first.status_code, first.headers["idempotency-key"]) == (201, key["Idempotency-Key"])
    assert (again.status_code, again.json()) == (201, first.json())
    assert told(await accepted(api, token, fresh())) == FORBIDDEN
    bodies = await said(api, user["user_id"], has("KeyCreated"))
    assert [type(one).__name__ for one in bodies].count("KeyCreated") == 1


@pytest.mark.parametrize(("path", "status"), [("/api/v1/apps", 200), ("/api/v1/dead-letters", 403)])
async def test_a_first_key_that_was_used_is_not_shown_again_whatever_the_use_was_answered(
    api: Api, path: str, status: int
) -> None:
    user, key = await new_user(api), fresh()
    token = (await invited(api, user)).json()["token"]
    api_key = (await accepted(api, token, key)).json()["api_key"]
    async with api.connect(api_key) as invitee:
        assert (await invitee.get(path)).status_code == status
    assert told(await accepted(api, token, key)) == FORBIDDEN


async def test_a_first_key_that_was_revoked_is_not_shown_again(api: Api) -> None:
    user, key = await new_user(api), fresh()
    token = (await invited(api, user)).json()["token"]
    api_key = (await accepted(api, token, key)).json()["api_key"]
    async with api.database.transaction() as c:
        await c.execute("UPDATE gateway.api_key SET revoked_at = now() WHERE key_id = $1", key_id(api_key))
    assert told(await accepted(api, token, key)) == FORBIDDEN


async def test_a_first_key_is_shown_again_for_a_quarter_of_an_hour(api: Api) -> None:
    user, key = await new_user(api), fresh()
    token = (await invited(api, user)).json()["token"]
    await accepted(api, token, key)
    async with api.database.transaction() as c:
        earlier = "UPDATE gateway.invitation SET accepted_at = accepted_at - interval '16 minutes' WHERE user_id = $1"
        await c.execute(earlier, UUID(user["user_id"]))
    assert told(await accepted(api, token, key)) == FORBIDDEN


async def test_two_who_accept_at_once_under_one_key_get_one_key(api: Api) -> None:
    key, token = fresh(), (await invited(api, await new_user(api))).json()["token"]
    async with api.connect() as stranger:
        asked = [stranger.build_request("POST", ACCEPT, json={"token": token}, headers=key) for _ in range(4)]
        answers = await _all(stranger, asked)
    assert {one.status_code for one in answers} == {201}
    assert len({one.json()["api_key"] for one in answers}) == 1


@pytest.mark.parametrize(
    "change",
    [{"name": "other"}, {"scopes": ["read", "create"]}, {"places": [{"kind": "app", "id": str(uuid4())}]}],
    ids=lambda change: next(iter(change)),
)
async def test_a_key_that_made_an_api_key_makes_no_other_one(api: Api, change: Json) -> None:
    key, asked = fresh(), {"name": "pipeline", "scopes": ["read"]}
    made = await api.client.post(KEYS, json=asked, headers=key)
    assert made.status_code == 201
    assert told(await api.client.post(KEYS, json=asked | change, headers=key)) == REUSED
    again = await api.client.post(KEYS, json=asked | {"scopes": ["read", "read"]}, headers=key)
    assert (again.status_code, again.json()["key_id"]) == (201, made.json()["key_id"])


async def test_a_key_tries_one_webhook_out(api: Api) -> None:
    made: list[Any] = [(await api.client.post(WEBHOOKS, json={"url": "http://127.0.0.1:9/"})).json() for _ in range(2)]
    key, places = fresh(), [f"{WEBHOOKS}/{one['webhook_id']}" for one in made]
    first = await api.client.post(f"{places[0]}/test", params={"wait_seconds": 0}, headers=key)
    again = await api.client.post(f"{places[0]}/test", params={"wait_seconds": 0}, headers=key)
    other = await api.client.post(f"{places[1]}/test", params={"wait_seconds": 0}, headers=key)
    assert (first.status_code, again.json()["delivery_id"]) == (202, first.json()["delivery_id"])
    assert told(other) == REUSED
    for place in places:
        await api.client.delete(place)


async def test_what_a_key_asked_for_is_forgotten_when_the_log_has_forgotten_its_commands(api: Api) -> None:
    made: list[Any] = [(await api.client.post(WEBHOOKS, json={"url": "http://127.0.0.1:9/"})).json() for _ in range(2)]
    keys, asked = [fresh(), fresh()], Asked(api.database)
    first, other = [f"{WEBHOOKS}/{one['webhook_id']}/test?wait_seconds=0" for one in made]
    assert (await api.client.post(first, headers=keys[0])).status_code == 202
    async with api.database.transaction() as c:
        age = timedelta(days=COMMANDS_KEPT_DAYS, seconds=1)
        await c.execute("UPDATE gateway.asked SET asked_at = asked_at - $1::interval", age)
    assert (await api.client.post(first, headers=keys[1])).status_code == 202
    await asked.forget_old()
    assert (await api.client.post(other, headers=keys[0])).status_code == 202
    assert told(await api.client.post(other, headers=keys[1])) == REUSED
    for one in made:
        await api.client.delete(f"{WEBHOOKS}/{one['webhook_id']}")


async def _all(client: httpx.AsyncClient, asked: list[httpx.Request]) -> list[httpx.Response]:
    return list(await asyncio.gather(*(client.send(one) for one in asked)))
