"""An answer whose bytes are made while they are taken."""

import asyncio
from contextlib import aclosing
from functools import partial
from typing import Final

import structlog
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from services.gateway.adapters.downloads import Begun
from services.platform.process.http import STALLED_SECONDS

PIECE_BYTES: Final = 256 * 1024
"""What has to be taken within STALLED_SECONDS: a connection that does not manage that, 5 KB a second, is of no use."""

_log = structlog.get_logger(__name__)


class StalledError(Exception):
    """Nobody takes the bytes, and others wait for the place of their making."""


class Closing(StreamingResponse):
    """Ends the making of bytes as soon as nobody takes them any more."""

    def __init__(self, making: Begun, status: int, headers: dict[str, str]) -> None:
        super().__init__(making, status, headers)
        self._making = making

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request; where it was not taken, the server closes the connection, since bytes are missing."""
        async with aclosing(self._making):
            try:
                await super().__call__(scope, receive, send)
            except StalledError:
                _log.warning("a client took nothing", path=scope["path"], seconds=STALLED_SECONDS)

    async def stream_response(self, send: Send) -> None:
        """As the base class, in pieces that each have their time."""
        await super().stream_response(partial(_in_pieces, send))


async def _in_pieces(send: Send, message: Message) -> None:
    body: bytes = message.get("body", b"")
    if len(body) <= PIECE_BYTES:
        await _in_time(send, message)
        return
    for at in range(0, len(body), PIECE_BYTES):
        await _in_time(send, {**message, "body": body[at : at + PIECE_BYTES]})


async def _in_time(send: Send, message: Message) -> None:
    """Send it. Raises StalledError where what was sent before is not taken."""
    try:
        async with asyncio.timeout(STALLED_SECONDS):
            await send(message)
    except TimeoutError as error:
        raise StalledError from error
