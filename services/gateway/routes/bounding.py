"""Reads no more of a body than a command or a part of a file may have; FastAPI's limit would answer in plain text."""

import re
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.defaults import COMMAND_BYTES, PARCEL_PART_BYTES
from services.gateway.routes.errors import too_large, translated

TOO_LARGE: Final = 413
PART: Final = re.compile(r"/api/v1/parcels/[^/]+/parts/[^/]+")
"""Where parts of files are sent."""


class Bounded:
    """ASGI middleware: refuses what says that it is too large, and stops reading what turns out to be."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        most = _most(scope)
        if scope["type"] == "http" and _announced(scope) > most:
            await translated(scope, too_large(most))(scope, receive, send)
            return
        await self._app(scope, _Counting(receive, most), send)


class _Counting:
    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._most = most
        self._size = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self._size += len(message.get("body", b""))
        if self._size > self._most:
            raise HTTPException(TOO_LARGE)
        return message


def _most(scope: Scope) -> int:
    is_part = scope["type"] == "http" and scope["method"] == "PUT" and PART.fullmatch(scope["path"])
    return PARCEL_PART_BYTES if is_part else COMMAND_BYTES


def _announced(scope: Scope) -> int:
    length = Headers(scope=scope).get("content-length", "")
    return int(length) if length.isdecimal() else 0
