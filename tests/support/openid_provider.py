"""A provider of identities that says what a test has it say, and keeps what it was asked."""

import time
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from pydantic import SecretStr

from services.gateway.adapters.openid import DESCRIBED, Errand, OpenId
from services.platform.process.settings import OpenIdSettings

ISSUER: Final = "https://provider.example"
CLIENT: Final = "nightkeep"
BACK_TO: Final = "https://here.example"
WHOLE: Final[dict[str, Any]] = {"issuer": ISSUER, **{name: f"{ISSUER}/{name}" for name in DESCRIBED}}
USERINFO: Final = {"userinfo_endpoint": f"{ISSUER}/userinfo"}
_KEY: Final = RSAKey.generate_key(2048, {"kid": "a", "use": "sig", "alg": "RS256"})


@dataclass
class Provider:
    """`claims`: of the ID token, besides those it always has; `answers`: by path, instead of the usual ones.

    `now_seconds`: what the gateway's clock shows.
    """

    claims: dict[str, Any] = field(default_factory=dict)
    described: dict[str, Any] = field(default_factory=lambda: WHOLE | USERINFO)
    answers: dict[str, httpx.Response] = field(default_factory=dict)
    errand: Errand = field(default_factory=Errand.new)
    asked: list[httpx.Request] = field(default_factory=list)
    now_seconds: float = 0.0

    def answer(self, request: httpx.Request) -> httpx.Response:
        """What it says to a request."""
        self.asked.append(request)
        path = request.url.path
        if path in self.answers:
            return self.answers[path]
        told = {"/token_endpoint": self._tokens, "/jwks_uri": _keys}.get(path, lambda: self.described)()
        return httpx.Response(200, json=told)

    def asked_for(self, path: str) -> list[httpx.Request]:
        """The requests to one address."""
        return [one for one in self.asked if one.url.path == path]

    def _tokens(self) -> dict[str, Any]:
        always = {"iss": ISSUER, "sub": "of-a-person", "aud": CLIENT, "exp": int(time.time()) + 300}
        claims = always | {"nonce": self.errand.nonce} | self.claims
        token = jwt.encode({"alg": "RS256", "kid": "a"}, claims, _KEY)
        return {"access_token": "opens-userinfo", "token_type": "Bearer", "id_token": token}


def reached(monkeypatch: pytest.MonkeyPatch, provider: Provider, **settings: Any) -> OpenId:  # noqa: ANN401 -- settings
    """What the gateway has to do with that provider."""
    client, transport = httpx.AsyncClient, httpx.MockTransport(provider.answer)
    monkeypatch.setattr(httpx, "AsyncClient", lambda **_: client(transport=transport))
    usual = {"issuer": ISSUER, "client_id": CLIENT, "client_secret": SecretStr("of-a-test")}
    return OpenId(OpenIdSettings(**(usual | settings)), lambda: provider.now_seconds)


def _keys() -> dict[str, Any]:
    return {"keys": [_KEY.as_dict(private=False)]}
