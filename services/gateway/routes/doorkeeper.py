"""Lets nobody in without a key: whatever is not named as open is closed, routes of later releases too."""

import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from services.gateway.adapters.authentication import Authenticator
from services.gateway.adapters.guessing import TooManyGuessesError
from services.gateway.adapters.rates import Rates
from services.gateway.adapters.sessions import Sessions
from services.gateway.domain import links
from services.gateway.domain.rights import Caller
from services.gateway.domain.sessions import COOKIE, CSRF_HEADER, CSRF_REFUSED, SAFE, is_csrf_token
from services.gateway.routes.errors import away, refusal, too_many, translated
from services.platform.process.errors import TransientError

OPEN_PATHS: Final = frozenset({"/healthz", "/readyz", "/openapi.json", "/docs", "/docs/oauth2-redirect"})
"""Probes carry no key, and the description of the API is no secret."""
OPEN_DIRECTORY: Final = "/static-offline-docs/"
"""The files of the page /docs."""
OPEN_CALLS: Final = frozenset({
    ("POST", "/api/v1/invitations/accept"),
    ("POST", "/api/v1/session"),
    ("GET", "/api/v1/session"),
    ("DELETE", "/api/v1/session"),
    ("GET", "/api/v1/session/openid"),
    ("GET", "/api/v1/session/openid/callback"),
})  # fmt: skip
"""What is sent there says by itself who it is."""
OPEN_LINK: Final = re.compile(links.PREFIX + r"[0-9a-f-]{36}/[A-Za-z0-9._-]+")
"""Direct links of archives: their signature is their key."""


class Doorkeeper:
    """ASGI middleware: puts the caller into the request's state, or answers 401 or 429 before a body is read.

    Beside the caller stands `caller_again`, which looks at the key or the session anew.
    """

    def __init__(self, app: ASGIApp, authenticator: Authenticator, sessions: Sessions, rates: Rates) -> None:
        self._app = app
        self._authenticator = authenticator
        self._sessions = sessions
        self._rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http" or _is_open(scope):
            await self._app(scope, receive, send)
            return
        answer = await self._recognised(scope)
        await (answer or self._app)(scope, receive, send)

    async def _recognised(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        names, key = _credentials(headers)
        cookie = None if key else _cookie(headers)
        try:
            caller = await self._authenticator.caller(key, names) if key else await self._signed_in(cookie)
        except TransientError as error:
            return translated(scope, away(error))
        except TooManyGuessesError as error:
            return too_many(error.wait_seconds, error.message)
        if caller is None:
            return refusal(
                401,
                "UNAUTHORIZED",
                "send a key: `Authorization: Bearer <key>`, or `Mendix-Username` and `Mendix-ApiKey`",
                headers={"WWW-Authenticate": "Bearer"},
            )
        signed_in_still = partial(self._signed_in, cookie, is_use=False)  # a page left open is nobody's use of it
        again = signed_in_still if cookie else partial(self._authenticator.again, caller)
        _remember(scope, caller, again)
        if cookie and scope["method"] not in SAFE and not is_csrf_token(headers.get(CSRF_HEADER, ""), cookie):
            return refusal(403, "NO_ACCESS", CSRF_REFUSED, CSRF_HEADER)
        wait_seconds = self._rates.wait_seconds(caller.key_id)
        return too_many(wait_seconds) if wait_seconds else None

    async def _signed_in(self, cookie: str | None, *, is_use: bool = True) -> Caller | None:
        found = await self._sessions.caller(cookie, is_use=is_use) if cookie else None
        return None if found is None else found[0]


def _cookie(headers: Headers) -> str | None:
    """What a browser shows that is signed in."""
    return cookie_parser(headers.get("cookie", "")).get(COOKIE)


def _is_open(scope: Scope) -> bool:
    path: str = scope["path"].removeprefix(scope.get("root_path", ""))
    if scope["method"] in {"GET", "HEAD"} and OPEN_LINK.fullmatch(path):
        return True
    return (scope["method"], path) in OPEN_CALLS or path in OPEN_PATHS or path.startswith(OPEN_DIRECTORY)


def _credentials(headers: Headers) -> tuple[frozenset[str], str | None]:
    """The user as it may be read, where one is named, and the key."""
    user, key = headers.get("mendix-username"), headers.get("mendix-apikey")
    if user is not None or key is not None:
        return (_readings(user), key) if user and key else (frozenset(), None)
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return frozenset(), token.strip() if scheme.lower() == "bearer" else None


def _readings(latin: str) -> frozenset[str]:
    """A header's text in latin-1, as HTTP had it, and in UTF-8, as terminals send it, where it is that.

    The key alone says who calls: that either reading may be its owner's name lets nobody in who has another's key.
    """
    try:
        return frozenset({latin, latin.encode("latin-1").decode("utf-8")})
    except UnicodeDecodeError:
        return frozenset({latin})


def _remember(scope: Scope, caller: Caller, again: Callable[[], Awaitable[Caller | None]]) -> None:
    scope["state"] = {**scope.get("state", {}), "caller": caller, "caller_again": again}
