"""An answer whose bytes are made while they are taken."""

from contextlib import aclosing

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from services.gateway.adapters.downloads import Begun


class Closing(StreamingResponse):
    """Ends the making of bytes as soon as nobody takes them any more."""

    def __init__(self, making: Begun, status: int, headers: dict[str, str]) -> None:
        super().__init__(making, status, headers)
        self._making = making

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        async with aclosing(self._making):
            await super().__call__(scope, receive, send)
