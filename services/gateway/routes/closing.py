"""An answer whose bytes are made while they are taken."""

import asyncio
from contextlib import aclosing
from functools import partial

import structlog
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from services.gateway.adapters.downloads import PIECE_BYTES, Begun, CutShortError, pieces
from services.platform.process.http import STALLED_SECONDS

_log = structlog.get_logger(__name__)


class Closing(StreamingResponse):
    """Ends the making of bytes as soon as nobody takes them any more."""

    def __init__(self, making: Begun, status: int, headers: dict[str, str]) -> None:
        super().__init__(making, status, headers)
        self._making = making

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request; where it is cut short, the server closes the connection, since bytes are missing."""
        async with aclosing(self._making):
            try:
                await super().__call__(scope, receive, send)
            except CutShortError as error:
                _log.warning("an answer was cut short", path=scope["path"], reason=str(error))

    async def stream_response(self, send: Send) -> None:
        """As the base class, in pieces that each have their time."""
        await super().stream_response(partial(_in_pieces, send))


async def _in_pieces(send: Send, message: Message) -> None:
    if "body" not in message:
        await _in_time(send, message)
        return
    for piece in pieces(message["body"]):
        await _in_time(send, {**message, "body": piece})


async def _in_time(send: Send, message: Message) -> None:
    """Send it. Raises CutShortError where what was sent before is not taken."""
    try:
        async with asyncio.timeout(STALLED_SECONDS):
            await send(message)
    except TimeoutError as error:
        raise CutShortError(f"its client took less than {PIECE_BYTES} bytes in {STALLED_SECONDS:g} s") from error
