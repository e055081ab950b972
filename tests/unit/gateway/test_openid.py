"""What becomes of a sign-in at a provider of identities that does not tell of itself what it has to."""

from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from services.gateway.adapters.openid import DESCRIBED, Errand, OpenId
from services.platform.process.errors import TransientError
from services.platform.process.settings import OpenIdSettings

ISSUER = "https://provider.example"
WHOLE: dict[str, Any] = {"issuer": ISSUER, **{name: f"{ISSUER}/{name}" for name in DESCRIBED}}


def telling(monkeypatch: pytest.MonkeyPatch, told: dict[str, Any]) -> OpenId:
    """A provider that describes itself so."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=told))
    client = httpx.AsyncClient(transport=transport)
    monkeypatch.setattr(httpx, "AsyncClient", lambda **_: client)
    return OpenId(OpenIdSettings(issuer=ISSUER, client_id="nightkeep", client_secret=SecretStr("of-a-test")))


@pytest.mark.parametrize("name", DESCRIBED)
@pytest.mark.parametrize("instead", [None, 7])
async def test_a_provider_that_tells_too_little_of_itself_is_not_well(
    monkeypatch: pytest.MonkeyPatch, name: str, instead: int | None
) -> None:
    told = {key: value for key, value in {**WHOLE, name: instead}.items() if value is not None}
    provider = telling(monkeypatch, told)
    with pytest.raises(TransientError, match="not well"):
        await provider.known("code", Errand.new(), "https://here.example")


async def test_a_browser_is_sent_where_the_provider_says(monkeypatch: pytest.MonkeyPatch) -> None:
    address = await telling(monkeypatch, WHOLE).address(Errand.new(), "https://here.example")
    assert address.startswith(f"{WHOLE['authorization_endpoint']}?response_type=code&client_id=nightkeep")
