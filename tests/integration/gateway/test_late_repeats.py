"""Rights that changed between a request and its late repeat, or between an invitation and its acceptance."""

from secrets import token_hex
from uuid import uuid4

from services.gateway.domain.rights import Scope
from tests.integration.gateway.test_people import FORBIDDEN, as_user, customer, give, let_in, new_user, told
from tests.support.gateway import Api, Json

REUSED = (409, "IDEMPOTENCY_KEY_REUSED")


async def test_an_invitation_lets_nobody_in_with_rights_that_the_inviter_does_not_administer(api: Api) -> None:
    ours, environment = await customer(api), await api.ready_environment()
    organisation = f"/organisations/{ours['organisation_id']}"
    boss, colleague = [await new_user(api, ours["organisation_id"]) for _ in range(2)]
    await give(api, organisation, boss, Scope.ADMIN)
    async with as_user(api, boss) as client:
        token = (await client.post(f"/api/v1/users/{colleague['user_id']}/invitations")).json()["token"]
    await give(api, organisation, colleague, Scope.READ)
    await give(api, f"/environments/{environment['environment_id']}", colleague, Scope.READ)
    async with api.connect() as stranger:
        refused = await stranger.post("/api/v1/invitations/accept", json={"token": token})
        await give(api, f"/environments/{environment['environment_id']}", colleague)
        accepted = await stranger.post("/api/v1/invitations/accept", json={"token": token})
    assert (told(refused), accepted.status_code) == (FORBIDDEN, 201)
    assert "ask for another invitation" in refused.json()["errorMessage"]


async def rights_of(api: Api, user: Json) -> list[str]:
    listed = (await api.client.get("/api/v1/access")).json()["access"]
    return [right for one in listed if one["user_id"] == user["user_id"] for right in one["rights"]]


async def test_rights_that_were_taken_away_since_are_not_given_by_a_late_repeat(api: Api) -> None:
    user, key = await new_user(api), {"Idempotency-Key": str(uuid4())}
    place = f"/api/v1/access/{user['user_id']}"
    given = await api.client.put(place, json={"rights": ["read"]}, headers=key)
    assert [one["rights"] for one in given.json()["access"] if one["user_id"] == user["user_id"]] == [["read"]]
    await give(api, "", user)
    repeated = await api.client.put(place, json={"rights": ["read"]}, headers=key)
    other = await api.client.put(place, json={"rights": ["read", "create"]}, headers=key)
    assert (repeated.status_code, told(other)) == (200, REUSED)
    assert await rights_of(api, user) == []


async def test_an_app_that_was_handed_on_since_does_not_come_back_by_a_late_repeat(api: Api) -> None:
    app, first, second = await api.new_app(), await customer(api), await customer(api)
    place, key = f"/api/v1/apps/{app['app_id']}/organisation", {"Idempotency-Key": str(uuid4())}
    colleague = await new_user(api, second["organisation_id"])
    to_first = {"organisation_id": first["organisation_id"]}
    assert (await api.client.put(place, json=to_first, headers=key)).status_code == 204
    assert (await api.client.put(place, json={"organisation_id": second["organisation_id"]})).status_code == 204
    await give(api, f"/apps/{app['app_id']}", colleague, Scope.READ)
    assert (await api.client.put(place, json=to_first, headers=key)).status_code == 204
    async with as_user(api, colleague) as client:
        assert (await client.get(f"/api/v1/apps/{app['app_id']}")).status_code == 200
    other = await api.client.put(place, json={"organisation_id": str(uuid4())}, headers=key)
    assert told(other) == REUSED


async def test_a_removal_and_a_new_password_are_told_again_as_they_ended(api: Api) -> None:
    user, key = await new_user(api), {"Idempotency-Key": str(uuid4())}
    passwords = [{"password": token_hex(16), "current_password": None} for _ in range(2)]
    async with api.connect(await let_in(api, user)) as client:
        assert (await client.put("/api/v1/password", json=passwords[0], headers=key)).status_code == 204
        repeats = [await client.put("/api/v1/password", json=passwords[0], headers=key) for _ in range(20)]
        refused = await client.put("/api/v1/password", json=passwords[1])
    assert {one.status_code for one in repeats} == {204}
    assert told(refused) == FORBIDDEN

    place = f"/api/v1/users/{user['user_id']}"
    removed = [await api.client.delete(place, headers=key) for _ in range(2)]
    assert [one.status_code for one in removed] == [204, 204]
    assert (await api.client.delete(place)).status_code == 404
    assert told(await api.client.delete(f"/api/v1/users/{uuid4()}", headers=key)) == REUSED


async def test_rights_are_changed_only_where_they_are_what_was_seen(api: Api) -> None:
    user = await new_user(api)
    place = f"/api/v1/access/{user['user_id']}"
    for rights, instead_of, status in (
        (["read"], ["create"], 409),
        (["read"], [], 200),
        (["read", "create"], [], 409),
        (["read", "create"], ["read"], 200),
    ):
        answer = await api.client.put(place, json={"rights": rights, "instead_of": instead_of})
        assert answer.status_code == status, answer.text
    assert await rights_of(api, user) == ["create", "read"]
