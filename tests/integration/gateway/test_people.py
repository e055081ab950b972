"""Customers, their users and who may do what: given, refused, taken back, and all of it on the log."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from secrets import token_hex
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from contracts.events.access import AccessRevoked, AppHandedOver
from services.gateway.domain.keys import parse
from services.gateway.domain.rights import Scope
from tests.support.eventually import eventually
from tests.support.gateway import Api, Json, described

FORBIDDEN, MISSING = (403, "NO_ACCESS"), (404, "ENVIRONMENT_NOT_FOUND")


async def new_user(api: Api, organisation_id: str | None = None) -> Json:
    """A user, of the administrator's organisation unless told otherwise."""
    body = {"name": f"user-{token_hex(4)}", "organisation_id": organisation_id}
    answer = await api.client.post("/api/v1/users", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def let_in(api: Api, user: Json) -> str:
    """The first key of a user who accepts an invitation."""
    invited = (await api.client.post(f"/api/v1/users/{user['user_id']}/invitations")).json()
    async with api.connect() as stranger:
        accepted = await stranger.post("/api/v1/invitations/accept", json={"token": invited["token"]})
    assert (accepted.status_code, accepted.json()["user"]) == (201, user["name"]), accepted.text
    key: str = accepted.json()["api_key"]
    return key


async def give(api: Api, place: str, user: Json, *rights: Scope) -> None:
    answer = await api.client.put(f"/api/v1{place}/access/{user['user_id']}", json={"rights": list(rights)})
    assert answer.status_code == 200, answer.text


async def customer(api: Api) -> Json:
    return dict((await api.client.post("/api/v1/organisations", json={"name": f"org-{token_hex(4)}"})).json())


@asynccontextmanager
async def as_user(api: Api, user: Json) -> AsyncIterator[httpx.AsyncClient]:
    async with api.connect(await let_in(api, user)) as client:
        yield client


def key_id(key: str) -> str:
    """The part of a key that is no secret."""
    parsed = parse(key)
    assert parsed is not None
    return parsed.key_id


def told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errorCode"]


async def said(api: Api, user_id: str, ready: Callable[[list[Any]], bool]) -> list[Any]:
    """The bodies of a user's stream, once they are what is waited for."""

    async def look() -> list[Any] | None:
        bodies: list[Any] = await api.said(f"gateway/access/{user_id}")
        return bodies if ready(bodies) else None

    seen = await eventually(look, within_seconds=120)
    assert seen is not None
    return seen


def has(name: str) -> Callable[[list[Any]], bool]:
    """Whether an event of this name was said."""
    return lambda bodies: name in {type(one).__name__ for one in bodies}


async def test_a_user_without_rights_learns_of_no_environment_and_one_with_a_right_uses_it(api: Api) -> None:
    environment, other = await api.ready_environment(), await api.ready_environment()
    user = await new_user(api, (await customer(api))["organisation_id"])
    place = f"/api/v1/environments/{environment['environment_id']}"
    async with as_user(api, user) as client:
        before = await client.get(f"{place}/backups")
        await give(api, f"/environments/{environment['environment_id']}", user, Scope.READ)
        seen = await client.get(f"{place}/backups")
        refused = await client.post(f"{place}/backups")
        hidden = await client.get(f"/api/v1/environments/{other['environment_id']}/backups")
        listed = (await client.get("/api/v1/environments")).json()["environments"]
        apps = (await client.get("/api/v1/apps")).json()["apps"]
        counts = (await client.get("/api/v1/status")).json()
        scripts = (await client.get("/api/1/apps")).json()
        await give(api, f"/environments/{environment['environment_id']}", user)
        after = await client.get(f"{place}/backups")

    assert (told(before), seen.status_code, told(refused), told(hidden)) == (MISSING, 200, FORBIDDEN, MISSING)
    assert [one["environment_id"] for one in listed] == [environment["environment_id"]]
    assert [one["app_id"] for one in apps] == [one["ProjectId"] for one in scripts] == [environment["app_id"]]
    assert (counts["apps"], counts["environments"]) == (1, 1)
    assert told(after) == MISSING


async def test_scripts_are_told_the_same(api: Api) -> None:
    environment = await api.ready_environment()
    user = await new_user(api, (await customer(api))["organisation_id"])
    place = f"/api/v2/apps/{environment['app_id']}/environments/{environment['environment_id']}/snapshots"
    async with as_user(api, user) as client:
        unknown = await client.get(place)
        await give(api, f"/apps/{environment['app_id']}", user, Scope.CREATE)
        forbidden = await client.get(place)
        made = await client.post(place)
    assert (told(unknown), told(forbidden), made.status_code) == (MISSING, FORBIDDEN, 200)


async def test_a_restore_takes_restoring_where_it_goes_and_reading_where_it_comes_from(api: Api) -> None:
    app = await api.new_app()
    source, target = await api.new_environment(app), await api.new_environment(app, "acceptance")
    backup = (await api.client.post(f"/api/v1/environments/{source['environment_id']}/backups")).json()
    await api.completed(source, backup)
    user = await new_user(api)
    await give(api, f"/environments/{target['environment_id']}", user, Scope.RESTORE)
    body = {"backup_id": backup["backup_id"]}
    place = f"/api/v1/environments/{target['environment_id']}"
    scripts = f"/api/v2/apps/{app['app_id']}/environments/{target['environment_id']}/restores"
    async with as_user(api, user) as client:
        refused = await client.post(f"{place}/restores", json=body)
        looked = await client.post(f"{place}/preflights", json=body)
        script = await client.post(scripts, params={"source_snapshot_id": backup["backup_id"]})
        await give(api, f"/environments/{source['environment_id']}", user, Scope.READ)
        back = await client.post(f"/api/v1/environments/{source['environment_id']}/restores", json=body)
        done = await client.post(f"{place}/restores", json=body)
    assert (told(refused), told(looked), told(script), told(back)) == (FORBIDDEN,) * 4
    assert done.status_code == 202, done.text


async def test_an_organisation_administers_its_own_users_and_apps_and_knows_of_no_other(api: Api) -> None:
    ours = await customer(api)
    boss, stranger = await new_user(api, ours["organisation_id"]), await new_user(api)
    await give(api, f"/organisations/{ours['organisation_id']}", boss, Scope.ADMIN, Scope.READ)
    async with as_user(api, boss) as client:
        app = (await client.post("/api/v1/apps", json={"name": "Ours", "slug": f"app-{token_hex(4)}"})).json()
        seen = await client.get(f"/api/v1/apps/{app['app_id']}")
        machines = await client.post(f"/api/v1/apps/{app['app_id']}/environments", json=described())
        added = await client.post("/api/v1/users", json={"name": f"user-{token_hex(4)}"})
        elsewhere = await client.post("/api/v1/users", json={"name": "x", "organisation_id": str(uuid4())})
        users = (await client.get("/api/v1/users")).json()["users"]
        hidden = await client.get(f"/api/v1/users/{stranger['user_id']}")
        known = (await client.get("/api/v1/organisations")).json()["organisations"]
        body = {"organisation_id": ours["organisation_id"]}
        handed = await client.put(f"/api/v1/apps/{app['app_id']}/organisation", json=body)
        above = await client.put(f"/api/v1/access/{boss['user_id']}", json={"rights": ["admin"]})
    assert (seen.status_code, added.status_code) == (200, 201)
    assert added.json()["organisation_id"] == ours["organisation_id"]
    assert {one["name"] for one in users} == {boss["name"], added.json()["name"]}
    assert (told(elsewhere), told(hidden)) == (FORBIDDEN, (404, "NOT_FOUND"))
    assert (known, told(above), told(machines)) == ([ours], FORBIDDEN, FORBIDDEN)
    await hand_over(api, app, await customer(api))
    async with as_user(api, boss) as client:
        gone = await client.get(f"/api/v1/apps/{app['app_id']}")
    assert (told(handed), told(gone)) == (FORBIDDEN, (404, "APP_NOT_FOUND"))


async def hand_over(api: Api, app: Json, owner: Json) -> None:
    body = {"organisation_id": owner["organisation_id"]}
    answer = await api.client.put(f"/api/v1/apps/{app['app_id']}/organisation", json=body)
    assert answer.status_code == 204, answer.text


async def test_an_app_that_is_handed_over_leaves_no_rights_behind(api: Api) -> None:
    before, now = await customer(api), await customer(api)
    old, new = await new_user(api, before["organisation_id"]), await new_user(api, now["organisation_id"])
    environment = await api.ready_environment()
    places = (f"/apps/{environment['app_id']}", f"/environments/{environment['environment_id']}")
    await hand_over(api, environment, before)
    for place in places:
        await give(api, place, old, Scope.READ)
        await give(api, place, new, Scope.READ)
    async with as_user(api, old) as client:
        await hand_over(api, environment, before)
        seen = await client.get(f"/api/v1{places[1]}")
        await hand_over(api, environment, now)
        gone = await client.get(f"/api/v1{places[1]}")
    left = [(await api.client.get(f"/api/v1{place}/access")).json()["access"] for place in places]
    assert (seen.status_code, told(gone)) == (200, MISSING)
    assert [[one["user"] for one in access] for access in left] == [[new["name"]]] * 2
    bodies = await said(api, old["user_id"], has("AccessRevoked"))
    revoked = {(str(one.place.kind), str(one.place.id)) for one in bodies if isinstance(one, AccessRevoked)}
    assert revoked == {("app", environment["app_id"]), ("environment", environment["environment_id"])}


async def test_rights_are_given_to_users_who_are_known_there_and_taken_from_whoever_has_some(api: Api) -> None:
    ours, environment = await customer(api), await api.ready_environment()
    boss, colleague = [await new_user(api, ours["organisation_id"]) for _ in range(2)]
    helper, stranger = [await new_user(api) for _ in range(2)]
    await hand_over(api, environment, ours)
    await give(api, f"/organisations/{ours['organisation_id']}", boss, Scope.ADMIN)
    place = f"/environments/{environment['environment_id']}"
    await give(api, place, helper, Scope.READ, Scope.ADMIN)
    async with as_user(api, boss) as client:
        refused = await client.put(f"/api/v1{place}/access/{stranger['user_id']}", json={"rights": ["read"]})
        unknown = await client.put(f"/api/v1{place}/access/{uuid4()}", json={"rights": ["read"]})
    async with as_user(api, helper) as client:
        given = await client.put(f"/api/v1{place}/access/{colleague['user_id']}", json={"rights": ["read"]})
    async with as_user(api, boss) as client:
        taken = await client.put(f"/api/v1{place}/access/{helper['user_id']}", json={"rights": []})
    assert (refused.status_code, refused.json()) == (404, unknown.json())
    assert {one["user"] for one in given.json()["access"]} == {helper["name"], colleague["name"]}
    assert [one["user"] for one in taken.json()["access"]] == [colleague["name"]]


async def test_whose_a_new_app_is_stands_on_the_log_once_it_was_taken(api: Api) -> None:
    ours = await customer(api)
    boss = await new_user(api, ours["organisation_id"])
    await give(api, f"/organisations/{ours['organisation_id']}", boss, Scope.ADMIN, Scope.READ)
    body, key = {"name": "Ours", "slug": f"app-{token_hex(4)}"}, {"Idempotency-Key": uuid4().hex}
    async with as_user(api, boss) as client:
        made = [(await client.post("/api/v1/apps", json=body, headers=key)).json() for _ in range(2)]
        refused = await client.post("/api/v1/apps", json=body)
    bodies = await said(api, ours["organisation_id"], has("AppHandedOver"))
    async with api.database.transaction() as c:
        count = await c.fetchval(
            "SELECT count(*) FROM gateway.app_owner WHERE organisation_id = $1::text::uuid", ours["organisation_id"]
        )
    assert refused.status_code == 409
    assert [str(one.app_id) for one in bodies if isinstance(one, AppHandedOver)] == [made[0]["app_id"]]
    assert (made[1]["app_id"], count) == (made[0]["app_id"], 1)


async def test_a_key_is_shown_once_may_no_more_than_it_says_and_is_revoked(api: Api) -> None:
    environment, other = await api.ready_environment(), await api.ready_environment()
    here = {"kind": "environment", "id": environment["environment_id"]}
    key = {"Idempotency-Key": uuid4().hex}
    body = {"name": "pipeline", "scopes": ["create", "read"], "places": [here]}
    made = (await api.client.post("/api/v1/keys", json=body, headers=key)).json()
    again = (await api.client.post("/api/v1/keys", json=body, headers=key)).json()
    async with api.connect(made["api_key"]) as client:
        able = await client.post(f"/api/v1/environments/{environment['environment_id']}/backups")
        unable = await client.post(f"/api/v1/environments/{environment['environment_id']}/stop")
        elsewhere = await client.get(f"/api/v1/environments/{other['environment_id']}")
        more = await client.post("/api/v1/keys", json={"scopes": ["read"]})
        listed = (await client.get("/api/v1/environments")).json()["environments"]
    assert (again["key_id"], again["api_key"]) == (made["key_id"], None)
    assert (able.status_code, told(unable), told(elsewhere), told(more)) == (202, FORBIDDEN, FORBIDDEN, FORBIDDEN)
    assert [one["environment_id"] for one in listed] == [environment["environment_id"]]

    async def used() -> bool:
        keys = (await api.client.get("/api/v1/keys")).json()["keys"]
        return any(one["key_id"] == made["key_id"] and one["last_used_at"] for one in keys)

    await eventually(used)
    assert (await api.client.delete(f"/api/v1/keys/{made['key_id']}")).status_code == 204
    async with api.connect(made["api_key"]) as client:
        assert (await client.get("/api/v1/environments")).status_code == 401


async def test_a_key_kept_to_the_platform_lists_everything_there(api: Api) -> None:
    environment = await api.ready_environment()
    body: Json = {"scopes": ["read"], "places": [{"kind": "platform", "id": str(UUID(int=0))}]}
    made = (await api.client.post("/api/v1/keys", json=body)).json()
    body["places"][0]["id"] = str(uuid4())
    refused = await api.client.post("/api/v1/keys", json=body)
    async with api.connect(made["api_key"]) as client:
        listed = (await client.get("/api/v1/environments", params={"limit": 500})).json()["environments"]
    assert environment["environment_id"] in {one["environment_id"] for one in listed}
    assert told(refused) == (400, "INVALID_PARAMETERS")


async def test_a_key_makes_no_key_that_may_more_than_itself(api: Api) -> None:
    async with api.connect(await api.key_with(Scope.ADMIN, Scope.READ)) as client:
        more = await client.post("/api/v1/keys", json={"scopes": ["read", "delete"]})
        same = await client.post("/api/v1/keys", json={"scopes": ["read"]})
    assert (told(more), same.status_code) == (FORBIDDEN, 201)


async def test_who_administers_an_organisation_gains_no_rights_of_its_users_elsewhere(api: Api) -> None:
    ours, environment = await customer(api), await api.ready_environment()
    boss, colleague, high = [await new_user(api, ours["organisation_id"]) for _ in range(3)]
    await give(api, f"/organisations/{ours['organisation_id']}", boss, Scope.ADMIN)
    await give(api, f"/organisations/{ours['organisation_id']}", colleague, Scope.ADMIN, Scope.READ)
    await give(api, f"/environments/{environment['environment_id']}", colleague, Scope.READ)
    await give(api, "", high, Scope.ADMIN)
    keys = {one["user_id"]: await let_in(api, one) for one in (colleague, high)}
    async with as_user(api, boss) as client:
        refused = [
            await client.request(method, address)
            for user_id, key in keys.items()
            for method, address in (
                ("POST", f"/api/v1/users/{user_id}/invitations"),
                ("DELETE", f"/api/v1/users/{user_id}"),
                ("DELETE", f"/api/v1/keys/{key_id(key)}"),
            )
        ]
        await give(api, f"/environments/{environment['environment_id']}", colleague)
        own = await client.post(f"/api/v1/users/{boss['user_id']}/invitations")
        invited = await client.post(f"/api/v1/users/{colleague['user_id']}/invitations")
        revoked = await client.delete(f"/api/v1/keys/{key_id(keys[colleague['user_id']])}")
        removed = await client.delete(f"/api/v1/users/{colleague['user_id']}")
    await give(api, "", high)
    assert [told(one) for one in refused] == [FORBIDDEN] * 6
    assert [one.status_code for one in (own, invited, revoked, removed)] == [201, 201, 204, 204]


async def test_a_limited_key_lets_nobody_in(api: Api) -> None:
    user = await new_user(api)
    await give(api, "", user, *Scope)
    async with as_user(api, user) as client:
        limits: list[Json] = [
            {"scopes": ["admin"]},
            {"scopes": list(Scope), "places": [{"kind": "organisation", "id": user["organisation_id"]}]},
        ]
        made = [(await client.post("/api/v1/keys", json=one)).json()["api_key"] for one in limits]
    for key in made:
        async with api.connect(key) as limited:
            first = await limited.put("/api/v1/password", json={"password": "correct horse battery"})
            invited = await limited.post(f"/api/v1/users/{user['user_id']}/invitations")
        assert (told(first), told(invited)) == (FORBIDDEN, FORBIDDEN)
    await give(api, "", user)


async def test_an_invitation_works_once_and_only_the_newest(api: Api) -> None:
    user = await new_user(api)
    place = f"/api/v1/users/{user['user_id']}/invitations"
    first, newest = (await api.client.post(place)).json(), (await api.client.post(place)).json()
    changed = newest["token"][:-1] + ("a" if newest["token"][-1] != "a" else "b")
    async with api.connect() as stranger:
        answers = [
            (await stranger.post("/api/v1/invitations/accept", json={"token": token})).status_code
            for token in (first["token"], changed, "nonsense", newest["token"], newest["token"])
        ]
    assert answers == [403, 403, 403, 201, 403]


async def test_a_removed_user_has_nothing_and_the_name_stays_taken(api: Api) -> None:
    user = await new_user(api)
    async with as_user(api, user) as client:
        assert (await client.get("/api/v1/status")).status_code == 200
        assert (await api.client.delete(f"/api/v1/users/{user['user_id']}")).status_code == 204
        assert (await client.get("/api/v1/status")).status_code == 401
    taken = await api.client.post("/api/v1/users", json={"name": user["name"].upper()})
    assert told(taken) == (409, "ALREADY_EXISTS")


async def test_who_may_revoke_a_users_keys_sees_them_and_when_they_were_used(api: Api) -> None:
    other = await customer(api)
    user, boss = await new_user(api, other["organisation_id"]), await new_user(api, other["organisation_id"])
    await give(api, f"/organisations/{other['organisation_id']}", boss, Scope.ADMIN)
    secret = await let_in(api, user)
    place = f"/api/v1/users/{user['user_id']}/keys"
    async with api.connect(secret) as own, as_user(api, boss) as governing:
        assert (await own.get("/api/v1/status")).status_code == 200
        listed = [await client.get(place) for client in (api.client, governing)]
        assert told(await own.get(place)) == (404, "NOT_FOUND")
        (key,) = listed[0].json()["keys"]
        assert (await governing.get(f"/api/v1/users/{uuid4()}/keys")).status_code == 404
        await give(api, "", user, Scope.READ)
        beyond = await governing.get(place)
        revoked = await api.client.delete(f"/api/v1/keys/{key['key_id']}")

    assert [one.status_code for one in listed] == [200, 200]
    assert (key["key_id"], key["user_id"]) == (key_id(secret), user["user_id"])
    assert key["last_used_at"] is not None
    assert secret not in listed[0].text
    assert told(beyond) == FORBIDDEN, "as it is for revoking: rights on the platform are not the organisation's"
    assert revoked.status_code == 204
    assert (await api.client.get(place)).json()["keys"] == []


async def test_nobody_locks_the_last_administrator_out(api: Api) -> None:
    listed = (await api.client.get("/api/v1/access")).json()["access"]
    (ada,) = [one for one in listed if "admin" in one["rights"]]
    less = await api.client.put(f"/api/v1/access/{ada['user_id']}", json={"rights": ["read"]})
    gone = await api.client.delete(f"/api/v1/users/{ada['user_id']}")
    assert (told(less), told(gone)) == ((409, "ERROR_NOT_ALLOWED"),) * 2


@pytest.mark.parametrize("rights", [[], ["read"]])
async def test_who_may_what_is_listed_where_it_was_given(api: Api, rights: list[str]) -> None:
    app, user = await api.new_app(), await new_user(api)
    place = f"/api/v1/apps/{app['app_id']}/access"
    answer = await api.client.put(f"{place}/{user['user_id']}", json={"rights": rights})
    listed = (await api.client.get(place)).json()
    assert answer.json() == listed
    assert [(one["user"], one["rights"]) for one in listed["access"]] == ([(user["name"], rights)] if rights else [])
