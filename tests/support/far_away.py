"""A server that answers late, as one in another region does: what is sent to it waits on the way."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

from services.platform.process.settings import S3Settings

PIECE = 64 * 1024


@asynccontextmanager
async def far_away(settings: S3Settings, seconds: float) -> AsyncIterator[S3Settings]:
    """The same object store, `seconds` further away for each request."""
    there = urlsplit(settings.endpoint_url or "")

    async def pass_on(reader: StreamReader, writer: StreamWriter, delay_seconds: float) -> None:
        with suppress(ConnectionError):
            while piece := await reader.read(PIECE):
                await asyncio.sleep(delay_seconds)
                writer.write(piece)
                await writer.drain()
        writer.close()

    async def serve(reader: StreamReader, writer: StreamWriter) -> None:
        with suppress(asyncio.CancelledError):  # what is open at the end ends with the test's loop
            answers, requests = await asyncio.open_connection(there.hostname, there.port)
            await asyncio.gather(pass_on(reader, requests, seconds), pass_on(answers, writer, 0))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        yield settings.model_copy(update={"endpoint_url": f"http://{host}:{port}"})
