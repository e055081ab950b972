"""Reads no more of a body than a command may have; FastAPI's own limit would answer in plain text."""

from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.defaults import COMMAND_BYTES
from services.gateway.routes.errors import too_large

TOO_LARGE: Final = 413


class Bounded:
    """ASGI middleware: refuses what says that it is too large, and stops reading what turns out to be."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] == "http" and _announced(scope) > COMMAND_BYTES:
            await too_large()(scope, receive, send)
            return
        await self._app(scope, _Counting(receive), send)


class _Counting:
    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._size = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self._size += len(message.get("body", b""))
        if self._size > COMMAND_BYTES:
            raise HTTPException(TOO_LARGE)
        return message


def _announced(scope: Scope) -> int:
    length = Headers(scope=scope).get("content-length", "")
    return int(length) if length.isdecimal() else 0
