"""A key that is kept to less than its owner may shuts that owner out of nothing."""

from typing import Any

import pytest

from services.gateway.domain.rights import Scope
from tests.integration.gateway.test_people import FORBIDDEN, as_user, give, key_id, let_in, new_user, told
from tests.support.gateway import Api, Json


async def owner_of_all(api: Api) -> Json:
    user = await new_user(api)
    await give(api, "", user, *Scope)
    return user


async def key_of(api: Api, whole: str, scopes: list[str], *places: Json) -> str:
    async with api.connect(whole) as client:
        made = await client.post("/api/v1/keys", json={"scopes": scopes, "places": list(places)})
    assert made.status_code == 201, made.text
    key: str = made.json()["api_key"]
    return key


async def revoked(api: Api, by: str, key: str) -> Any:  # noqa: ANN401 -- a status, and a code where it is refused
    async with api.connect(by) as client:
        answer = await client.delete(f"/api/v1/keys/{key_id(key)}")
    return answer.status_code if answer.is_success else told(answer)


@pytest.mark.parametrize("kept_to", ["scopes", "places"])
async def test_a_key_that_is_kept_to_less_does_not_revoke_its_owners_whole_key(api: Api, kept_to: str) -> None:
    environment = await api.ready_environment()
    here = {"kind": "environment", "id": environment["environment_id"]}
    user = await owner_of_all(api)
    whole = await let_in(api, user)
    limited = await (key_of(api, whole, ["admin"]) if kept_to == "scopes" else key_of(api, whole, list(Scope), here))
    assert await revoked(api, limited, whole) == FORBIDDEN
    assert await revoked(api, limited, limited) == 204
    async with api.connect(whole) as client:
        assert (await client.get("/api/v1/status")).status_code == 200
    await give(api, "", user)


async def test_a_key_that_is_kept_to_less_revokes_those_that_may_no_more(api: Api) -> None:
    one, other = [{"kind": "environment", "id": (await api.ready_environment())["environment_id"]} for _ in range(2)]
    user = await owner_of_all(api)
    whole = await let_in(api, user)
    by = await key_of(api, whole, ["admin", "read"], one)
    answers = [
        await revoked(api, by, await key_of(api, whole, scopes, *places))
        for scopes, places in (
            (["read"], [one]),
            (["admin", "read"], [one]),
            (["read", "create"], [one]),
            (["read"], [other]),
            (["read"], [one, other]),
            (["read"], []),
        )
    ]
    assert answers == [204, 204, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN]
    await give(api, "", user)


async def test_a_key_that_is_kept_to_less_takes_no_rights_from_its_owner(api: Api) -> None:
    user = await owner_of_all(api)
    limited = await key_of(api, await let_in(api, user), ["admin"])
    async with api.connect(limited) as client:
        taken = await client.put(f"/api/v1/access/{user['user_id']}", json={"rights": []})
    assert told(taken) == FORBIDDEN
    await give(api, "", user)


async def test_a_key_revokes_what_it_has_made_for_a_place_within_its_own(api: Api) -> None:
    environment = await api.ready_environment()
    app, here = ({"kind": kind, "id": environment[f"{kind}_id"]} for kind in ("app", "environment"))
    user = await owner_of_all(api)
    by = await key_of(api, await let_in(api, user), ["admin", "read"], app)
    made = await key_of(api, by, ["read"], here)
    assert await revoked(api, made, by) == FORBIDDEN
    assert await revoked(api, by, made) == 204
    await give(api, "", user)


async def test_a_person_revokes_any_of_the_own_keys(api: Api) -> None:
    user = await owner_of_all(api)
    async with as_user(api, user) as client:
        made = [(await client.post("/api/v1/keys", json={"scopes": one})).json() for one in (["read"], list(Scope))]
        answers = [await client.delete(f"/api/v1/keys/{one['key_id']}") for one in made]
    assert [one.status_code for one in answers] == [204, 204]
    await give(api, "", user)


async def test_a_key_that_is_kept_to_less_does_not_remove_its_owner(api: Api) -> None:
    user = await owner_of_all(api)
    whole = await let_in(api, user)
    limited = await key_of(api, whole, ["admin"])
    async with api.connect(limited) as client:
        assert told(await client.delete(f"/api/v1/users/{user['user_id']}")) == FORBIDDEN
    async with api.connect(whole) as client:
        assert (await client.get("/api/v1/status")).status_code == 200
        assert (await client.delete(f"/api/v1/users/{user['user_id']}")).status_code == 204
