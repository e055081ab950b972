"""Who takes nothing of an answer holds up nobody else: its making ends, and its connection too."""

import asyncio
import socket
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from types import ModuleType
from typing import Any, Final

import pytest

from infra.local.ports import free_port
from services.gateway.adapters.downloads import PIECE_BYTES, Begun
from services.gateway.routes import closing
from services.gateway.routes.closing import Closing
from services.platform.process import http
from tests.support.eventually import eventually

REQUEST: Final = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
SEGMENT: Final = bytes(4 * 1024 * 1024)
SEGMENTS: Final = 16
"""More than the buffers of a connection hold."""


@asynccontextmanager
async def serving(ended: asyncio.Event) -> AsyncIterator[int]:
    """The port of a server that answers with a large file; `ended` is set when its making has ended."""

    async def making() -> AsyncGenerator[bytes, None]:
        try:
            for _ in range(SEGMENTS):
                yield SEGMENT
        finally:
            ended.set()

    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 -- as ASGI has it
        if scope["type"] == "http":
            several = making()
            length = {"Content-Length": str(SEGMENTS * len(SEGMENT))}
            await Closing(Begun(await anext(several), several), 200, length)(scope, receive, send)

    port = free_port()
    server = asyncio.ensure_future(http.serve(app, "127.0.0.1", port))
    yield port
    server.cancel()
    with suppress(asyncio.CancelledError):
        await server


async def asked(port: int) -> socket.socket:
    """A connection that has asked, and whose own buffers are small."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(0)

    async def connected() -> bool:
        try:
            await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", port))
        except OSError:
            return False
        return True

    await eventually(connected)
    await asyncio.get_running_loop().sock_sendall(client, REQUEST)
    return client


async def taken(client: socket.socket) -> int:
    """How many bytes come, up to the connection's end."""
    count = 0
    with suppress(ConnectionError):
        while data := await asyncio.get_running_loop().sock_recv(client, 1 << 20):
            count += len(data)
    return count


@pytest.mark.parametrize("limited", [[closing], [http], [closing, http]])
async def test_the_making_ends_for_a_client_that_takes_nothing_and_so_does_its_connection(
    limited: list[ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in limited:
        monkeypatch.setattr(module, "STALLED_SECONDS", 1.0)
    ended = asyncio.Event()
    async with serving(ended) as port:
        with await asked(port) as client:
            async with asyncio.timeout(20):
                await ended.wait()
                assert await taken(client) < SEGMENTS * len(SEGMENT) / 2


async def test_a_slow_client_that_goes_on_gets_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closing, "STALLED_SECONDS", 1.5)
    sent: list[bytes] = []

    async def slow(message: Any) -> None:  # noqa: ANN401 -- as ASGI has it
        await asyncio.sleep(0.2)
        sent.append(message.get("body", b""))

    async def making() -> AsyncGenerator[bytes, None]:
        yield SEGMENT

    async def never() -> Any:  # noqa: ANN401 -- as ASGI has it
        await asyncio.Event().wait()

    several = making()
    await Closing(Begun(await anext(several), several), 200, {})({"type": "http", "path": "/"}, never, slow)
    assert b"".join(sent) == SEGMENT
    assert max(map(len, sent)) == PIECE_BYTES
