"""Browsers: signing in by password, staying signed in, signing out, and guessing."""

import asyncio
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from secrets import token_hex

import httpx
import pytest

from services.gateway.domain.guesses import FREE_OF_NAME
from services.gateway.domain.rights import Scope
from services.gateway.domain.sessions import COOKIE
from services.platform.process.settings import KafkaSettings, PostgresSettings
from tests.integration.gateway.test_people import as_user, give, has, new_user, said, told
from tests.support.gateway import Api, Json, open_api

PASSWORD = "correct horse battery"  # noqa: S105 -- of a test
SIGN_IN = "/api/v1/session"


@pytest.fixture(scope="module")
async def browsed(
    kafka: KafkaSettings, postgres: PostgresSettings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Api]:
    """A gateway of its own: whoever guesses here waits."""
    async with open_api(kafka, postgres, tmp_path_factory.mktemp("browsed")) as api:
        yield api


async def with_password(api: Api) -> Json:
    """A user who has a password and may look everywhere."""
    user = await new_user(api)
    await give(api, "", user, Scope.READ, Scope.CREATE)
    async with as_user(api, user) as client:
        answer = await client.put("/api/v1/password", json={"password": PASSWORD})
        assert answer.status_code == 204, answer.text
    return user


async def signed_in(api: Api, user: Json, password: str = PASSWORD) -> httpx.Response:
    async with api.connect() as browser:
        return await browser.post(SIGN_IN, json={"user": user["name"], "password": password})


def cookie_of(answer: httpx.Response, name: str = COOKIE) -> str:
    """What a browser sends back, after a look at how it was told to keep it."""
    kept = SimpleCookie(answer.headers["set-cookie"])[name]
    assert (kept["httponly"], kept["secure"], kept["path"], kept["samesite"]) == (True, True, "/", "lax")
    assert kept["domain"] == ""
    return f"{name}={kept.value}"


async def test_a_page_signs_in_changes_things_with_its_token_only_and_signs_out(browsed: Api) -> None:
    user, environment = await with_password(browsed), await browsed.ready_environment()
    answer = await signed_in(browsed, user)
    place = f"/api/v1/environments/{environment['environment_id']}/backups"
    token = {"X-CSRF-Token": answer.json()["csrf_token"]}
    async with browsed.connect(Cookie=cookie_of(answer)) as page:
        seen, shown = await page.get(place), await page.get(SIGN_IN)
        forged = [await page.post(place, headers=headers) for headers in ({}, {"X-CSRF-Token": "0" * 64})]
        made = await page.post(place, headers=token)
        stays = await page.delete(SIGN_IN)
        still = await page.get(place)
        out = await page.delete(SIGN_IN, headers=token)
        after = [await page.get(place), await page.get(SIGN_IN)]

    assert (answer.status_code, seen.status_code, still.status_code) == (201, 200, 200)
    assert (shown.json()["user"], shown.json()["csrf_token"]) == (user["name"], token["X-CSRF-Token"])
    assert [told(one) for one in (*forged, stays)] == [(403, "NO_ACCESS")] * 3
    assert (made.status_code, made.json()["created_by"]) == (202, user["name"])
    assert (out.status_code, [one.status_code for one in after]) == (204, [401, 401])
    names = [type(one).__name__ for one in await said(browsed, user["user_id"], has("SignedOut"))]
    assert [name for name in names if name in ("PasswordChanged", "SignedIn", "SignedOut")] == [
        "PasswordChanged", "SignedIn", "SignedOut"
    ]  # fmt: skip


async def test_a_session_ends_by_itself_and_with_the_password(browsed: Api) -> None:
    user = await with_password(browsed)
    for statement in (
        "UPDATE gateway.session SET seen_at = seen_at - interval '61 minutes'",
        "UPDATE gateway.session SET ends_at = clock_timestamp()",
    ):
        cookie = cookie_of(await signed_in(browsed, user))
        async with browsed.database.transaction() as c:
            await c.execute(f"{statement} WHERE user_id = $1::text::uuid", user["user_id"])
        async with browsed.connect(Cookie=cookie) as page:
            assert (await page.get(SIGN_IN)).status_code == 401

    answer = await signed_in(browsed, user)
    token = {"X-CSRF-Token": answer.json()["csrf_token"]}
    async with browsed.connect(Cookie=cookie_of(answer)) as page:
        wrong = await page.put("/api/v1/password", json={"password": "a new long password"}, headers=token)
        short = await page.put("/api/v1/password", json={"password": "short"}, headers=token)
        body = {"password": "a new long password", "current_password": PASSWORD}
        changed = await page.put("/api/v1/password", json=body, headers=token)
        after = await page.get(SIGN_IN)
    assert [one.status_code for one in (wrong, short, changed, after)] == [403, 400, 204, 401]
    assert (await signed_in(browsed, user)).status_code == 401
    assert (await signed_in(browsed, user, "a new long password")).status_code == 201


async def test_who_guesses_waits_longer_and_learns_nothing_of_who_there_is(browsed: Api) -> None:
    known, nobody = await with_password(browsed), {"name": f"nobody-{token_hex(4)}"}
    without = await new_user(browsed)
    answers = [await signed_in(browsed, one, "wrong") for one in (known, nobody, without)]
    assert {(one.status_code, one.content) for one in answers} == {(401, answers[0].content)}
    for one in (known, nobody):
        guessed = await asyncio.gather(*(signed_in(browsed, one, "wrong") for _ in range(6 * FREE_OF_NAME)))
        refused = [answer for answer in guessed if answer.status_code == 429]
        assert {answer.status_code for answer in guessed} <= {401, 429}
        assert refused
        assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)


async def test_a_cookie_that_was_made_up_opens_nothing_and_a_key_beside_it_decides(browsed: Api) -> None:
    for cookie in (f"{COOKIE}=", f"{COOKIE}=nonsense", "other=x"):
        async with browsed.connect(Cookie=cookie) as page:
            assert (await page.get("/api/v1/status")).status_code == 401
        async with browsed.connect(browsed.key, Cookie=cookie) as caller:
            assert (await caller.post("/api/v1/organisations", json={"name": token_hex(4)})).status_code == 201
