"""What becomes of a sign-in at a provider of identities, by what the provider tells of itself and of the person."""

import asyncio
from base64 import b64decode
from typing import Any

import httpx
import pytest

from services.gateway.adapters.openid import DESCRIBED, DESCRIBED_SECONDS, FAILED_SECONDS, Errand, Known
from services.gateway.domain.refusals import RefusalError
from services.platform.process.errors import TransientError
from tests.support.openid_provider import BACK_TO, CLIENT, ISSUER, USERINFO, WHOLE, Provider, reached

EMAIL = "karla@example.com"
KARLA = Known(EMAIL, f"{ISSUER} of-a-person")
SAID: dict[str, Any] = {"email": EMAIL, "email_verified": True}


@pytest.mark.parametrize("name", DESCRIBED)
@pytest.mark.parametrize("instead", [None, 7])
async def test_a_provider_that_tells_too_little_of_itself_is_not_well(
    monkeypatch: pytest.MonkeyPatch, name: str, instead: int | None
) -> None:
    told = {key: value for key, value in {**WHOLE, name: instead}.items() if value is not None}
    provider = reached(monkeypatch, Provider(described=told))
    with pytest.raises(TransientError, match="not well"):
        await provider.known("code", Errand.new(), BACK_TO)


async def test_a_browser_is_sent_where_the_provider_says(monkeypatch: pytest.MonkeyPatch) -> None:
    address = await reached(monkeypatch, Provider()).address(Errand.new(), BACK_TO)
    assert address.startswith(f"{WHOLE['authorization_endpoint']}?response_type=code&client_id=nightkeep")


async def test_a_provider_is_not_asked_at_every_sign_in_what_it_tells_of_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    provider, asked = Provider(), []
    openid = reached(monkeypatch, provider)
    for provider.now_seconds in (0, 1, DESCRIBED_SECONDS - 1, DESCRIBED_SECONDS, DESCRIBED_SECONDS + 1):
        await openid.address(provider.errand, BACK_TO)
        asked.append(len(provider.asked))
    assert asked == [1, 1, 1, 2, 2]


async def test_a_provider_that_is_not_well_is_asked_again_in_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = Provider(described={"issuer": ISSUER})
    openid = reached(monkeypatch, provider)
    for provider.now_seconds in (0, FAILED_SECONDS - 1):
        with pytest.raises(TransientError, match="not well"):
            await openid.address(provider.errand, BACK_TO)
    assert len(provider.asked) == 1
    provider.described, provider.now_seconds = WHOLE, FAILED_SECONDS
    assert await openid.address(provider.errand, BACK_TO)


async def test_many_who_sign_in_at_once_ask_the_provider_once(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = Provider()
    openid = reached(monkeypatch, provider)
    await asyncio.gather(*(openid.address(provider.errand, BACK_TO) for _ in range(10)))
    assert len(provider.asked) == 1


async def known(
    monkeypatch: pytest.MonkeyPatch, provider: Provider, userinfo: httpx.Response | None = None, **settings: str
) -> Known:
    """Whom a sign-in there ends with."""
    provider.answers |= {"/userinfo": userinfo} if userinfo else {}
    return await reached(monkeypatch, provider, **settings).known("code", provider.errand, BACK_TO)


def told(**claims: object) -> httpx.Response:
    """What UserInfo says of the person."""
    return httpx.Response(200, json={"sub": "of-a-person", **claims})


async def test_what_the_id_token_says_of_a_person_is_not_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = Provider(claims=SAID)
    assert await known(monkeypatch, provider) == KARLA
    assert provider.asked_for("/userinfo") == []


@pytest.mark.parametrize("claims", [{}, {"email": None}, {"email": EMAIL}, {"email_verified": True}])
async def test_what_the_id_token_leaves_out_is_asked_for_with_the_access_token(
    monkeypatch: pytest.MonkeyPatch, claims: dict[str, Any]
) -> None:
    provider = Provider(claims=claims)
    assert await known(monkeypatch, provider, told(**SAID)) == KARLA
    (asked,) = provider.asked_for("/userinfo")
    assert (asked.method, asked.headers["authorization"]) == ("GET", "Bearer opens-userinfo")


async def test_userinfo_says_any_claim_that_names_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = told(preferred_username="karla")
    assert (await known(monkeypatch, Provider(), answer, user_claim="preferred_username")).name == "karla"


@pytest.mark.parametrize(
    ("claims", "userinfo", "why"),
    [
        ({}, told(), "does not say the claim 'email'"),
        ({}, told(email=EMAIL), "not verified"),
        ({}, told(email=EMAIL, email_verified=False), "not verified"),
        ({}, told(email=EMAIL, email_verified="true"), "not verified"),
        ({"email": EMAIL}, told(email_verified=True), "not verified"),
        ({"email_verified": True}, told(email=EMAIL), "not verified"),
        ({}, told(**SAID, sub="of-another"), "somebody else"),
        ({}, httpx.Response(200, json=SAID), "somebody else"),
        ({}, httpx.Response(401), "does not take its own access token"),
        ({}, httpx.Response(200, content="e30.e30.x", headers={"Content-Type": "application/jwt"}), "signed"),
    ],
)
async def test_userinfo_lets_nobody_in_whom_the_id_token_would_not(
    monkeypatch: pytest.MonkeyPatch, claims: dict[str, Any], userinfo: httpx.Response, why: str
) -> None:
    with pytest.raises(RefusalError, match=why) as refused:
        await known(monkeypatch, Provider(claims=claims), userinfo)
    assert refused.value.status == 403


@pytest.mark.parametrize("token", [None, 7, "ümlaut"])
async def test_userinfo_is_not_asked_without_an_access_token(monkeypatch: pytest.MonkeyPatch, token: object) -> None:
    provider = Provider()
    given = provider.answer(httpx.Request("POST", WHOLE["token_endpoint"])).json() | {"access_token": token}
    provider.answers["/token_endpoint"] = httpx.Response(200, json=given)
    with pytest.raises(RefusalError, match="no access token"):
        await known(monkeypatch, provider)


async def test_a_provider_without_userinfo_has_to_say_it_all_in_the_id_token(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RefusalError, match="does not say the claim 'email'"):
        await known(monkeypatch, Provider(described=WHOLE))
    assert USERINFO.keys() & WHOLE.keys() == set()


async def test_a_userinfo_that_is_not_well_is_told_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TransientError, match="not well"):
        await known(monkeypatch, Provider(), httpx.Response(503))


@pytest.mark.parametrize(
    ("claims", "lets_in"),
    [
        ({"aud": [CLIENT]}, True),
        ({"aud": CLIENT, "azp": CLIENT}, True),
        ({"aud": [CLIENT, "other"], "azp": CLIENT}, True),
        ({"aud": [CLIENT, "other"], "azp": "other"}, False),
        ({"aud": [CLIENT, "other"]}, False),
        ({"aud": CLIENT, "azp": "other"}, False),
        ({"aud": CLIENT, "azp": ["other", CLIENT]}, False),
        ({"aud": "other", "azp": CLIENT}, False),
    ],
)
async def test_an_id_token_is_for_us_and_was_asked_for_by_us(
    monkeypatch: pytest.MonkeyPatch, claims: dict[str, Any], *, lets_in: bool
) -> None:
    provider = Provider(claims=SAID | claims)
    if lets_in:
        assert await known(monkeypatch, provider) == KARLA
    else:
        with pytest.raises(RefusalError, match="about another sign-in"):
            await known(monkeypatch, provider)


async def test_the_secret_is_sent_form_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = Provider(claims=SAID | {"aud": "night:keep"})
    await known(monkeypatch, provider, client_id="night:keep", client_secret="a+b%:c d~")  # noqa: S106 -- of a test
    (asked,) = provider.asked_for("/token_endpoint")
    kind, _, sent = asked.headers["authorization"].partition(" ")
    assert (kind, b64decode(sent)) == ("Basic", b"night%3Akeep:a%2Bb%25%3Ac+d~")
