"""Notes what callers were let do and what they were refused, for the log (architecture §2.18).

Plain reads go to logs and metrics.
"""

from typing import Final
from uuid import UUID

from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.adapters.access_log import AccessLog
from services.gateway.domain.identity import command_id
from services.gateway.domain.rights import Caller
from services.gateway.domain.sessions import SAFE
from services.gateway.routes.v2.unslashed import unslashed

TAKES: Final = frozenset({"fetch_file", "fetch_table"})
"""Reads that take contents out of a backup."""
PARTS: Final = frozenset({"send_part"})
"""Changes that are told by what they are parts of: a log that is kept for ever has no place for thousands of them."""
REFUSED: Final = frozenset({401, 403})
"""Besides these, what was told as not there because the caller may not know of it."""
CLIENT_ERROR: Final = 400
SERVER_ERROR: Final = 500
"""Perhaps it had an effect."""


class Noted:
    """ASGI middleware around the doorkeeper."""

    def __init__(self, app: ASGIApp, access_log: AccessLog) -> None:
        self._app = app
        self._access_log = access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._note(scope, message["status"])
            await send(message)

        await self._app(scope, receive, noting if scope["type"] == "http" else send)

    def _note(self, scope: Scope, status: int) -> None:
        state = scope.get("state", {})
        caller, operation = state.get("caller"), state.get("operation") or getattr(scope.get("route"), "name", "")
        known = caller if isinstance(caller, Caller) else None
        if status in REFUSED or state.get("hidden", False):
            self._access_log.refused(known, operation or _asked_for(scope), status)
            return
        if known is None:
            return
        self._access_log.seen(known)
        if _is_use(scope["method"], operation, status):
            self._access_log.used(known, operation, state.get("things", {}), status, _command(known, state))


def _asked_for(scope: Scope) -> str:
    """The operation that was meant where nobody came as far as to its route; empty where there is none."""
    meant = {**scope, "path": unslashed(scope["path"])}
    route = next((one for one in scope["app"].routes if one.matches(meant)[0] is Match.FULL), None)
    return getattr(route, "name", "")


def _is_use(method: str, operation: str, status: int) -> bool:
    if method in SAFE:
        return operation in TAKES and status < CLIENT_ERROR
    if operation in PARTS:
        return False
    return status < CLIENT_ERROR or status >= SERVER_ERROR


def _command(caller: Caller, state: dict[str, str]) -> UUID | None:
    """The id of the command that the call was, where it was one."""
    key = state.get("idempotency_key")
    return None if key is None else command_id(caller.user, key)
