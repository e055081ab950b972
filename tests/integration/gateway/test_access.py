"""Nothing is open without a key, and a key opens what its scopes say."""

import re
from collections.abc import AsyncIterator
from functools import partial
from uuid import uuid4

import pytest
from httpx import AsyncClient

from contracts.errors import RejectionCode
from services.gateway.adapters.hashing import Hashing
from services.gateway.adapters.keystore import AdminExistsError
from services.gateway.domain import links
from services.gateway.domain.rights import Scope
from services.gateway.first_admin import make_first_admin
from services.platform.process.clock import SystemClock
from tests.integration.gateway.test_people import new_user
from tests.support.eventually import eventually
from tests.support.gateway import ADMIN, Api, described

OPENED_OTHERWISE = (links.PREFIX, "/api/v1/invitations/accept", "/api/v1/session")
"""By a signature or by what is sent alone: see test_downloads, test_people and test_sessions."""
OPEN = {"/healthz", "/readyz", "/openapi.json", "/docs"}


async def _operations(api: Api) -> AsyncIterator[tuple[str, str]]:
    described_paths = (await api.client.get("/openapi.json")).json()["paths"]
    for path, operations in described_paths.items():
        if path.startswith(OPENED_OTHERWISE):
            continue
        place = re.sub(r"{\w+}", lambda _: str(uuid4()), path)
        for method in operations:
            yield method.upper(), place


async def test_every_route_needs_a_key(api: Api) -> None:
    async with api.connect() as stranger:
        seen = 0
        async for method, path in _operations(api):
            answer = await stranger.request(method, path, json={})
            assert (answer.status_code, answer.json()["errorCode"]) == (401, "UNAUTHORIZED"), f"{method} {path}"
            assert answer.headers["www-authenticate"] == "Bearer"
            seen += 1
    assert seen > 50


async def test_an_address_that_does_not_exist_is_closed_too(api: Api) -> None:
    async with api.connect() as stranger:
        for path in ("/metrics", "/api/v1/nothing", "/docs/../api/v1/apps", "/healthz/x", "//api/v1/apps"):
            assert (await stranger.get(path)).status_code == 401, path


async def test_probes_and_the_description_of_the_api_are_open(api: Api) -> None:
    async with api.connect() as stranger:
        for path in OPEN:
            # Of a machine that is busy the gateway may have said a moment ago that it is not ready, to anybody.
            assert await eventually(partial(_opens, stranger, path), within_seconds=30), path


async def _opens(caller: AsyncClient, path: str) -> bool:
    return (await caller.get(path)).status_code == 200


async def test_a_key_without_scopes_opens_nothing(api: Api) -> None:
    async with api.connect(await api.key_with()) as nobody:
        async for method, path in _operations(api):
            answer = await nobody.request(method, path)
            assert (answer.status_code, answer.json()["errorCode"]) == (403, "NO_ACCESS"), f"{method} {path}"


@pytest.mark.parametrize(
    ("scope", "method", "path", "body"),
    [
        (Scope.READ, "GET", "/api/v1/environments/{0}/backups", None),
        (Scope.CREATE, "POST", "/api/v1/environments/{0}/backups", {}),
        (Scope.RESTORE, "POST", "/api/v1/environments/{0}/stop", None),
        (Scope.READ, "GET", "/api/v1/environments/{0}/policy", None),
        (Scope.READ, "GET", "/api/v1/environments/{0}/slots", None),
        (Scope.READ, "GET", "/api/v1/environments/{0}/backups/preview", None),
        (Scope.ADMIN, "PUT", "/api/v1/environments/{0}/policy", {"policy": "flat-on-demand"}),
        (Scope.ADMIN, "PATCH", "/api/v1/environments/{0}?wait_seconds=0", {"mode": "test"}),
    ],
)
async def test_a_scope_opens_what_it_says_and_no_other_scope_does(
    api: Api, scope: Scope, method: str, path: str, body: dict[str, str] | None
) -> None:
    place = path.format((await api.ready_environment())["environment_id"])
    others = [other for other in Scope if other is not scope]
    async with api.connect(await api.key_with(scope)) as able, api.connect(await api.key_with(*others)) as unable:
        assert (await able.request(method, place, json=body)).is_success
        refused = await unable.request(method, place, json=body)
    assert refused.status_code == 403
    assert f"lacks the scope '{scope}'" in refused.json()["errorMessage"]


async def test_a_key_may_be_shown_in_either_way_and_names_are_without_case(api: Api) -> None:
    for headers in (
        {"Authorization": f"bearer {api.key}"},
        {"MENDIX-username": ADMIN.upper(), "mendix-APIKEY": api.key},
    ):
        async with api.connect(**headers) as caller:
            assert (await caller.get("/api/v1/status")).json()["user"] == ADMIN


async def test_what_is_almost_right_opens_nothing(api: Api) -> None:
    for headers in (
        {"Authorization": f"Bearer {api.key}x"},
        {"Authorization": f"Bearer {api.key[:-1]}{'a' if api.key[-1] != 'a' else 'b'}"},
        {"Authorization": f"Basic {api.key}"},
        {"Mendix-ApiKey": api.key},
        {"Mendix-Username": ADMIN},
        {"Mendix-Username": "bob", "Mendix-ApiKey": api.key},
        {"Mendix-Username": "bob", "Mendix-ApiKey": api.key, "Authorization": f"Bearer {api.key}"},
    ):
        async with api.connect(**headers) as caller:
            assert (await caller.get("/api/v1/apps")).status_code == 401, sorted(headers)


async def test_a_revoked_key_opens_nothing(api: Api) -> None:
    key = await api.key_with(Scope.READ)
    async with api.database.transaction() as c:
        await c.execute("UPDATE gateway.api_key SET revoked_at = now() WHERE key_id = $1", key.split("_")[1])

    async with api.connect(key) as caller:
        assert (await caller.get("/api/v1/apps")).status_code == 401


async def test_there_is_one_first_administrator(api: Api) -> None:
    with pytest.raises(AdminExistsError):
        await make_first_admin(api.platform.database("gateway"), "eve", clock=SystemClock(), new_id=uuid4)


async def test_keys_are_stored_as_salted_hashes_only(api: Api) -> None:
    keys = [api.key, *[await api.key_with(Scope.READ) for _ in range(2)]]
    for key in keys:
        _, key_id, secret = key.split("_", 2)
        async with api.database.transaction() as c:
            stored = await c.fetchval("SELECT hash FROM gateway.api_key WHERE key_id = $1", key_id)
        assert stored.startswith("$hmac-sha256$")
        assert secret not in stored


async def test_a_key_and_an_invitation_that_an_earlier_release_kept_still_open(api: Api) -> None:
    key, user = await api.key_with(Scope.READ), await new_user(api)
    token = (await api.client.post(f"/api/v1/users/{user['user_id']}/invitations")).json()["token"]
    for table, name, shown in (("api_key", "key_id", key), ("invitation", "invitation_id", token)):
        _, key_id, secret = shown.split("_", 2)
        kept = await Hashing().hash(secret)
        async with api.database.transaction() as c:
            change = f"UPDATE gateway.{table} SET hash = $1 WHERE {name} = $2"  # noqa: S608 -- ours
            assert await c.execute(change, kept, key_id) == "UPDATE 1"
        assert kept.startswith("$argon2id$")

    changed = key[:-2] + ("aa" if key[-2:] != "aa" else "ba")
    async with api.connect(key) as caller, api.connect(changed) as guesser, api.connect() as stranger:
        assert (await guesser.get("/api/v1/apps")).status_code == 401
        assert (await caller.get("/api/v1/apps")).status_code == 200
        assert (await stranger.post("/api/v1/invitations/accept", json={"token": token})).status_code == 201


async def test_who_asked_is_on_the_event_and_was_verified(api: Api) -> None:
    environment = await api.ready_environment()

    backup = (await api.client.post(f"/api/v1/environments/{environment['environment_id']}/backups")).json()

    assert backup["created_by"] == ADMIN


async def test_a_verified_key_is_not_verified_again_for_a_moment(api: Api) -> None:
    key = await api.key_with(Scope.READ)
    async with api.connect(key) as caller:
        assert (await caller.get("/api/v1/apps")).status_code == 200
        async with api.database.transaction() as c:
            await c.execute("UPDATE gateway.api_key SET hash = 'spoilt' WHERE key_id = $1", key.split("_")[1])
        assert (await caller.get("/api/v1/apps")).status_code == 200


async def test_an_environment_of_nobody_is_told_like_any_unknown_one(api: Api) -> None:
    answer = await api.client.get(f"/api/v1/environments/{uuid4()}")

    assert (answer.status_code, answer.json()["errorCode"]) == (404, RejectionCode.ENVIRONMENT_NOT_FOUND)


async def test_a_malformed_body_of_a_stranger_is_not_even_read(api: Api) -> None:
    async with api.connect() as stranger:
        answer = await stranger.post("/api/v1/apps", content=b"{", headers={"content-type": "application/json"})
    assert answer.status_code == 401
    assert described()["name"] not in answer.text
