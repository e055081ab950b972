"""An HTTP server as a background task: the process keeps its own signals, and cancelling ends it in order."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import uvicorn

from services.platform.process.errors import PermanentError

GOODBYE_SECONDS: Final = 3
"""What open requests are given at the end."""
QUIET_SECONDS: Final = 75
"""So long a connection that nobody uses stays open: longer than proxies and clients keep theirs, which is a minute at
the most. Else it is closed just when it is used again, and who had sent a command does not know what became of it."""

STALLED_SECONDS: Final = 60
"""So long a client may need for a piece of what is sent to it: longer than a break that a connection gets over, and
short enough that nobody stands in others' way for long. Then the connection is over; a download goes on with Range."""


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """A connection that was closed would stay for what was never taken from it: the kernel ends that, too."""
        await super().startup(sockets)
        for listener in (one for server in self.servers for one in server.sockets):
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(STALLED_SECONDS * 1000))

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the business of `run_service`."""
        yield


async def serve(app: Any, host: str, port: int) -> None:  # noqa: ANN401 -- any ASGI application
    """Serve `app` until cancelled. Raises PermanentError when the address cannot be bound."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GOODBYE_SECONDS,
        timeout_keep_alive=QUIET_SECONDS,
    )
    server = _Server(config)
    serving = asyncio.ensure_future(_serve(server, host, port))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
        raise


async def _serve(server: uvicorn.Server, host: str, port: int) -> None:
    try:
        await server.serve()
    except SystemExit as error:  # what uvicorn says when it cannot bind
        raise PermanentError(f"cannot listen on {host}:{port}: is it taken?") from error
