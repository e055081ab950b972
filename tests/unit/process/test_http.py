"""The HTTP server under every service."""

import asyncio
from contextlib import suppress
from typing import Any, Final

from infra.local.ports import free_port
from services.platform.process.http import serve
from tests.support.eventually import eventually

REQUEST: Final = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
QUIET_SECONDS: Final = 6
"""Longer than uvicorn by itself keeps a connection that nobody uses."""


async def hello(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 -- as ASGI has it
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"hi"})


async def test_a_connection_that_was_quiet_for_a_while_is_still_there() -> None:
    port = free_port()
    serving = asyncio.ensure_future(serve(hello, "127.0.0.1", port))

    async def connected() -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        with suppress(OSError):
            return await asyncio.open_connection("127.0.0.1", port)
        return None

    opened = await eventually(connected)
    assert opened is not None
    reader, writer = opened
    for seconds in (0, QUIET_SECONDS):
        await asyncio.sleep(seconds)
        writer.write(REQUEST)
        assert (await reader.readuntil(b"\r\n\r\nhi")).startswith(b"HTTP/1.1 200")
    writer.close()
    serving.cancel()
    with suppress(asyncio.CancelledError):
        await serving
