"""Signing in at a provider of identities: OpenID Connect's authorization code flow with PKCE."""

import asyncio
import base64
import hashlib
import secrets
from collections.abc import Callable
from typing import Any, Final, NamedTuple
from urllib.parse import quote_plus, urlencode

import httpx
from joserfc import jwt
from joserfc.errors import InvalidClaimError, JoseError
from joserfc.jwk import KeySet
from pydantic_core import from_json

from services.gateway.domain.declined import not_let_in
from services.gateway.domain.refusals import RefusalError
from services.platform.process.errors import TransientError
from services.platform.process.settings import OpenIdSettings

TIMEOUT: Final = httpx.Timeout(10.0)
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures that only the provider can make; never `none`, never a shared secret."""
DESCRIBED: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
"""What a provider has to tell of itself."""
DESCRIBED_SECONDS: Final = 300.0
"""How long that is kept: whoever begins sign-ins without end, which is open to all, asks the provider no more often."""
FAILED_SECONDS: Final = 5.0
"""The same where it could not be asked, so that those who wait do not ask one after the other."""
_LEEWAY_SECONDS: Final = 60


class Errand(NamedTuple):
    """What one sign-in is recognised by when it comes back; only the browser that began it has this."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> "Errand":
        """One that nobody can guess."""
        return cls(*(secrets.token_urlsafe(32) for _ in range(3)))


class Known(NamedTuple):
    """Who the provider says it is: `name` is the user's here, `subject` the same person for ever there."""

    name: str
    subject: str


class OpenId:
    """One provider."""

    def __init__(self, settings: OpenIdSettings, monotonic: Callable[[], float]) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._asking = asyncio.Lock()
        self._kept: dict[str, Any] | TransientError | RefusalError = {}
        self._kept_until = 0.0

    async def address(self, errand: Errand, back_to: str) -> str:
        """Where to send the browser. Raises TransientError."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(errand.verifier.encode()).digest()).rstrip(b"=")
        asked = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": back_to,
            "scope": self._settings.scope,
            "state": errand.state,
            "nonce": errand.nonce,
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
        }
        return f"{(await self._described())['authorization_endpoint']}?{urlencode(asked)}"

    def must_be(self, issuer: str) -> None:
        """Returns where an answer is this provider's, by the issuer that it names (RFC 9207). Raises RefusalError."""
        if issuer != self._settings.issuer:
            raise not_let_in("another provider has answered: begin again")

    async def known(self, code: str, errand: Errand, back_to: str) -> Known:
        """Whom the code stands for. Raises RefusalError (403) where it stands for nobody, and TransientError."""
        described = await self._described()
        given = await self._post(described["token_endpoint"], code, errand, back_to)
        published: Any = await self._get(described["jwks_uri"])
        try:
            keys = KeySet.import_key_set(published)
            token = jwt.decode(str(given.get("id_token", "")), keys, algorithms=list(ALGORITHMS))
            self._rules(described["issuer"], errand).validate(token.claims)
            self._must_be_asked_for_by_us(token.claims)
        except (JoseError, ValueError, KeyError) as error:
            raise not_let_in("its answer is not signed as it must be, or is about another sign-in") from error
        return self._person(await self._completed(token.claims, described, given))

    def _rules(self, issuer: str, errand: Errand) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            leeway=_LEEWAY_SECONDS,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": self._settings.client_id},
            exp={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": errand.nonce},
        )

    def _must_be_asked_for_by_us(self, claims: dict[str, Any]) -> None:
        """Of a token for several, the authorised party is who had it made (OpenID Connect Core 1.0, 3.1.3.7)."""
        is_for_several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if ("azp" in claims or is_for_several) and claims.get("azp") != self._settings.client_id:
            raise InvalidClaimError("azp")

    async def _completed(
        self, claims: dict[str, Any], described: dict[str, Any], given: dict[str, Any]
    ) -> dict[str, Any]:
        """What the ID token claims, or, where it leaves out who it is, what UserInfo does (Core 1.0, 5.3 and 5.4).

        The name and its being verified are of one answer: of two, one could be about another name.
        """
        wanted = {self._settings.user_claim} | ({"email_verified"} if self._settings.user_claim == "email" else set())
        url = described.get("userinfo_endpoint")
        if all(claims.get(name) is not None for name in wanted) or not isinstance(url, str):
            return claims
        told = await self._userinfo(url, given.get("access_token"))
        if told.get("sub") != claims["sub"]:
            raise not_let_in("its UserInfo is about somebody else")
        return claims if told.get(self._settings.user_claim) is None else {**told, "iss": claims["iss"]}

    def _person(self, claims: dict[str, Any]) -> Known:
        name = claims.get(self._settings.user_claim)
        if not isinstance(name, str) or not name:
            raise not_let_in(f"it does not say the claim {self._settings.user_claim!r}")
        if self._settings.user_claim == "email" and claims.get("email_verified") is not True:
            raise not_let_in("it has not verified this e-mail address")
        return Known(name, f"{claims['iss']} {claims['sub']}")

    async def _described(self) -> dict[str, Any]:
        """What it tells of itself. Raises TransientError and RefusalError."""
        async with self._asking:
            if not self._kept or self._monotonic() >= self._kept_until:
                await self._ask()
        if isinstance(self._kept, Exception):
            raise self._kept
        return self._kept

    async def _ask(self) -> None:
        try:
            self._kept, seconds = await self._description(), DESCRIBED_SECONDS
        except (TransientError, RefusalError) as error:
            self._kept, seconds = error, FAILED_SECONDS
        self._kept_until = self._monotonic() + seconds

    async def _description(self) -> dict[str, Any]:
        issuer = self._settings.issuer
        described = await self._get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if described.get("issuer") != issuer:
            raise not_let_in("it names itself otherwise than the settings do")
        if not all(isinstance(described.get(name), str) for name in DESCRIBED):
            raise TransientError("the provider of identities is not well")
        return described

    async def _get(self, url: str) -> dict[str, Any]:
        async with self._reaching() as client:
            return _told(await _sent(client, "GET", url))

    async def _userinfo(self, url: str, token: object) -> dict[str, Any]:
        if not isinstance(token, str) or not token.isascii():
            raise not_let_in("it has given no access token to ask its UserInfo with")
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        async with self._reaching() as client:
            answer = await _sent(client, "GET", url, headers=headers)
        if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise not_let_in("its UserInfo does not take its own access token")
        if answer.headers.get("content-type", "").startswith("application/jwt"):
            raise not_let_in("its UserInfo is signed (application/jwt): set it to answer this client in plain JSON")
        return _told(answer)

    async def _post(self, url: str, code: str, errand: Errand, back_to: str) -> dict[str, Any]:
        body = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back_to,
            "code_verifier": errand.verifier,
        }
        async with self._reaching() as client:
            answer = await _sent(client, "POST", url, data=body, auth=self._auth())
        if answer.is_client_error:
            raise not_let_in("it does not take this code: begin again")
        return _told(answer)

    def _auth(self) -> httpx.BasicAuth:
        """Form-encoded (RFC 6749, 2.3.1), which httpx does not do: a secret may have a `%` or a `+`, an id a `:`."""
        secret = self._settings.client_secret.get_secret_value()
        return httpx.BasicAuth(quote_plus(self._settings.client_id), quote_plus(secret))

    def _reaching(self) -> httpx.AsyncClient:
        trusted: Any = str(self._settings.ca_file) if self._settings.ca_file else True
        return httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False, verify=trusted)


async def _sent(client: httpx.AsyncClient, method: str, url: str, **given: Any) -> httpx.Response:  # noqa: ANN401 -- httpx
    try:
        return await client.request(method, url, **given)
    except httpx.TransportError as error:
        raise TransientError("the provider of identities does not answer") from error


def _told(answer: httpx.Response) -> dict[str, Any]:
    try:
        told = from_json(answer.raise_for_status().content)
    except (httpx.HTTPStatusError, ValueError) as error:
        raise TransientError("the provider of identities is not well") from error
    if not isinstance(told, dict):
        raise TransientError("the provider of identities is not well")
    return told
