"""Browsers: signing in at a provider of identities, whom it lets in, and what is told when it does not."""

import re
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from importlib import import_module
from secrets import token_hex
from typing import Any

import httpx
import pytest

from contracts.events.access import SignedIn
from services.gateway.domain.rights import Scope
from services.gateway.domain.sessions import COOKIE
from services.platform.process.settings import KafkaSettings, PostgresSettings
from tests.integration.gateway.test_people import give, has, said, told
from tests.integration.gateway.test_sessions import SIGN_IN, cookie_of
from tests.support.gateway import Api, open_api
from tests.support.local_client import loopback_client

VERIFIED, UNVERIFIED, STRANGER = "verified@example.com", "unverified@example.com", "stranger@example.com"
PROVIDER: Any = import_module("oidc_provider_mock")
"""It has no types."""
ERRAND = "__Host-nightkeep-openid"


@pytest.fixture(scope="module")
async def browsed(
    kafka: KafkaSettings, postgres: PostgresSettings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Api]:
    """A gateway with a provider of identities who knows three people."""
    people = [
        PROVIDER.User(sub="verified", claims={"email": VERIFIED, "email_verified": True}),
        PROVIDER.User(sub="unverified", claims={"email": UNVERIFIED}),
        PROVIDER.User(sub="stranger", claims={"email": STRANGER, "email_verified": True}),
    ]
    with PROVIDER.run_server_in_thread(require_nonce=True, user_claims=people) as provider:
        async with open_api(
            kafka,
            postgres,
            tmp_path_factory.mktemp("browsed"),
            NIGHTKEEP_OPENID__ISSUER=f"http://localhost:{provider.server_port}",
            NIGHTKEEP_OPENID__CLIENT_ID="nightkeep",
            NIGHTKEEP_OPENID__CLIENT_SECRET="of-a-test",  # noqa: S106 -- as it says
        ) as api:
            yield api


@pytest.mark.parametrize("held", [b"[" * 3_000, b"{", b"7", b"[1, 2]"])
async def test_an_errand_that_was_made_up_is_refused_as_none(browsed: Api, held: bytes) -> None:
    cookie = f"{ERRAND}={urlsafe_b64encode(held).decode()}"
    async with browsed.connect(Cookie=cookie) as browser:
        answer = await browser.get(f"{SIGN_IN}/openid/callback", params={"code": "x", "state": "x"})
    assert (answer.status_code, answer.json()["errorCode"]) == (403, "NO_ACCESS"), answer.text


async def by_provider(api: Api, subject: str, **adds: str) -> httpx.Response:
    """The answer at the end of a sign-in at the provider, which `adds` this to what it sends the browser back with."""
    async with api.connect() as browser, loopback_client(timeout=60) as elsewhere:
        begun = await browser.get(f"{SIGN_IN}/openid")
        assert begun.status_code == 303, begun.text
        agreed = await elsewhere.post(begun.headers["location"], data={"sub": subject})
        errand = cookie_of(begun, ERRAND)
        back = httpx.URL(agreed.headers["location"]).copy_merge_params(adds)
        return await browser.get(back, headers={"Cookie": errand})


async def returned(api: Api, **says: str) -> tuple[str, httpx.Response]:
    """The provider's address, and the answer to a browser that it sends back with this and the errand's state."""
    async with api.connect() as browser:
        begun = await browser.get(f"{SIGN_IN}/openid")
        provider = httpx.URL(begun.headers["location"])
        errand = {"Cookie": cookie_of(begun, ERRAND)}
        says = {"state": provider.params["state"]} | says
        answer = await browser.get(f"{SIGN_IN}/openid/callback", params=says, headers=errand)
    return str(provider.copy_with(path="", query=None)), answer


async def known_as(api: Api, subject: str, email: str) -> None:
    """Have the provider know somebody under this address."""
    async with api.connect() as browser, loopback_client(timeout=60) as elsewhere:
        begun = await browser.get(f"{SIGN_IN}/openid")
        told = {"email": email, "email_verified": True}
        answer = await elsewhere.put(httpx.URL(begun.headers["location"]).join(f"/users/{subject}"), json=told)
        assert answer.is_success, answer.text


async def test_a_user_signs_in_at_the_provider_of_identities(browsed: Api) -> None:
    user = dict((await browsed.client.post("/api/v1/users", json={"name": VERIFIED})).json())
    await give(browsed, "", user, Scope.READ)

    answer = await by_provider(browsed, "verified")

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    session = next(one for one in answer.headers.get_list("set-cookie") if one.startswith(f"{COOKIE}="))
    async with browsed.connect(Cookie=session.partition(";")[0]) as page:
        assert (await page.get("/api/v1/status")).json()["user"] == VERIFIED
    bodies = await said(browsed, user["user_id"], has("SignedIn"))
    assert [one.how for one in bodies if isinstance(one, SignedIn)] == ["openid"]


async def test_a_provider_may_say_who_it_is_at_userinfo_alone(browsed: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def subject_alone(_code: object, user: Any, _scope: str) -> dict[str, str]:  # noqa: ANN401 -- without types
        return {"sub": user.sub}

    monkeypatch.setattr(f"{PROVIDER.__name__}._app.OpenIDCode.generate_user_info", subject_alone)
    name, subject = f"{token_hex(4)}@example.com", token_hex(4)
    await browsed.client.post("/api/v1/users", json={"name": name})
    await known_as(browsed, subject, name)
    answer = await by_provider(browsed, subject)
    assert (answer.status_code, answer.headers.get("location")) == (303, "/"), answer.text


async def test_what_a_provider_adds_to_the_way_back_is_passed_over_except_who_it_is(browsed: Api) -> None:
    name, subject = f"{token_hex(4)}@example.com", token_hex(4)
    await browsed.client.post("/api/v1/users", json={"name": name})
    await known_as(browsed, subject, name)
    provider, _ = await returned(browsed)
    own = {"session_state": "x", "scope": "openid email", "authuser": "0", "prompt": "none", "hd": "example.com"}
    answer = await by_provider(browsed, subject, iss=provider, **own)
    assert (answer.status_code, answer.headers.get("location")) == (303, "/"), answer.text
    answer = await by_provider(browsed, subject, iss=f"{provider}/other", **own)
    assert told(answer) == (403, "NO_ACCESS")
    assert "another provider" in answer.json()["errorMessage"]


async def test_the_providers_own_refusal_is_told_as_that_and_ends_the_errand(browsed: Api) -> None:
    _, answer = await returned(browsed, error="access_denied", error_description="The user said no", session_state="x")
    assert told(answer) == (403, "NO_ACCESS")
    assert "access_denied (The user said no)" in answer.json()["errorMessage"]
    ended = SimpleCookie(answer.headers["set-cookie"])[ERRAND]
    assert (ended.value, ended["max-age"], ended["path"], ended["secure"]) == ("", "0", "/", True)


@pytest.mark.parametrize(
    ("says", "why"),
    [
        ({"error": "access_denied", "state": "of-another"}, "not begun in this browser"),
        ({"error": "access_denied", "iss": "https://other.example"}, "another provider"),
    ],
)
async def test_a_refusal_that_is_not_about_this_sign_in_does_not_end_it(
    browsed: Api, says: dict[str, str], why: str
) -> None:
    _, answer = await returned(browsed, **says)
    assert told(answer) == (403, "NO_ACCESS")
    assert why in answer.json()["errorMessage"]
    assert "set-cookie" not in answer.headers


async def test_the_provider_lets_in_whom_somebody_added_and_whose_address_it_has_verified(browsed: Api) -> None:
    await browsed.client.post("/api/v1/users", json={"name": UNVERIFIED})
    for subject, why in (("unverified", "not verified"), ("stranger", "nobody has added you")):
        answer = await by_provider(browsed, subject)
        assert told(answer) == (403, "NO_ACCESS")
        assert re.search(why, answer.json()["errorMessage"])
        assert "set-cookie" not in answer.headers


async def test_whom_the_provider_names_otherwise_stays_the_same_user_until_removed(browsed: Api) -> None:
    names = [f"{token_hex(4)}@example.com" for _ in range(2)]
    users = [(await browsed.client.post("/api/v1/users", json={"name": name})).json() for name in names]
    subject, seen = token_hex(4), []
    for name in (*names, names[1]):
        await known_as(browsed, subject, name)
        answer = await by_provider(browsed, subject)
        assert answer.status_code == 303, answer.text
        session = next(one for one in answer.headers.get_list("set-cookie") if one.startswith(f"{COOKIE}="))
        async with browsed.connect(Cookie=session.partition(";")[0]) as page:
            seen.append((await page.get(SIGN_IN)).json()["user"])
        if len(seen) > 1:
            await browsed.client.delete(f"/api/v1/users/{users[0]['user_id']}")
    assert seen == [names[0], names[0], names[1]]


async def test_a_sign_in_that_another_browser_began_is_refused(browsed: Api) -> None:
    async with browsed.connect() as browser, loopback_client(timeout=60) as elsewhere:
        begun, other = await browser.get(f"{SIGN_IN}/openid"), await browser.get(f"{SIGN_IN}/openid")
        agreed = await elsewhere.post(begun.headers["location"], data={"sub": "verified"})
        errand = cookie_of(other, ERRAND)
        for headers in ({}, {"Cookie": errand}):
            answer = await browser.get(agreed.headers["location"], headers=headers)
            assert told(answer) == (403, "NO_ACCESS")
