"""Lets nobody in without a key: whatever is not named as open is closed, routes of later releases too."""

import re
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from services.gateway.adapters.authentication import Authenticator
from services.gateway.domain import links
from services.gateway.domain.rights import Caller
from services.gateway.routes.errors import away, refusal
from services.platform.process.errors import TransientError

OPEN_PATHS: Final = frozenset({"/healthz", "/readyz", "/openapi.json", "/docs", "/docs/oauth2-redirect"})
"""Probes carry no key, and the description of the API is no secret."""
OPEN_DIRECTORY: Final = "/static-offline-docs/"
"""The files of the page /docs."""
OPEN_CALLS: Final = frozenset({("POST", "/api/v1/invitations/accept")})
"""What is sent there is a secret of its own."""
OPEN_LINK: Final = re.compile(links.PREFIX + r"[0-9a-f-]{36}/[A-Za-z0-9._-]+")
"""Direct links of archives: their signature is their key."""


class Doorkeeper:
    """ASGI middleware: puts the caller into the request's state, or answers 401 before a body is read."""

    def __init__(self, app: ASGIApp, authenticator: Authenticator) -> None:
        self._app = app
        self._authenticator = authenticator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http" or _is_open(scope):
            await self._app(scope, receive, send)
            return
        answer = await self._recognised(scope)
        await (answer or self._app)(scope, receive, send)

    async def _recognised(self, scope: Scope) -> Response | None:
        user, key = _credentials(Headers(scope=scope))
        try:
            caller = await self._authenticator.caller(key, user) if key else None
        except TransientError as error:
            return away(error)
        if caller is None:
            return refusal(
                401,
                "UNAUTHORIZED",
                "send a key: `Authorization: Bearer <key>`, or `Mendix-Username` and `Mendix-ApiKey`",
                headers={"WWW-Authenticate": "Bearer"},
            )
        _remember(scope, caller)
        return None


def _is_open(scope: Scope) -> bool:
    path: str = scope["path"].removeprefix(scope.get("root_path", ""))
    if scope["method"] in {"GET", "HEAD"} and OPEN_LINK.fullmatch(path):
        return True
    return (scope["method"], path) in OPEN_CALLS or path in OPEN_PATHS or path.startswith(OPEN_DIRECTORY)


def _credentials(headers: Headers) -> tuple[str | None, str | None]:
    user, key = headers.get("mendix-username"), headers.get("mendix-apikey")
    if user is not None or key is not None:
        return (user, key) if user and key else (None, None)
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return None, token.strip() if scheme.lower() == "bearer" else None


def _remember(scope: Scope, caller: Caller) -> None:
    scope["state"] = {**scope.get("state", {}), "caller": caller}
