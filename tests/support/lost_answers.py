"""A line to an S3 server on which answers are lost: what was asked for is done, and nobody hears of it."""

import asyncio
import re
from asyncio import StreamReader, StreamWriter
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from services.platform.process.settings import S3Settings
from tests.support.breaking_line import HEAD_ENDS, PIECE

LENGTH: Final = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


@dataclass
class LosingLine:
    """`settings` lead over it; of the answers to the PUTs of one object the first `times` are lost.

    `lost` has how many they were, by what was asked for.
    """

    settings: S3Settings
    port: int
    times: int = 1
    lost: Counter[str] = field(default_factory=Counter)
    _serving: set[asyncio.Task[None]] = field(default_factory=set)

    def come(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Somebody connects."""
        serving = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(serving)
        serving.add_done_callback(self._serving.discard)

    async def cut(self) -> None:
        """Let nobody be connected any more."""
        for serving in [*self._serving]:
            await _end(serving)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Pass on what one connection asks and is answered, until an answer is lost."""
        answers, server = await asyncio.open_connection("127.0.0.1", self.port)
        answering = asyncio.create_task(_answer(answers, writer))
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                while not self._is_lost(head := await reader.readuntil(HEAD_ENDS)):
                    await _ask(head, reader, server)
                await _end(answering)
                await _ask(head, reader, server)
                await answers.read(1)  # it was done
        finally:
            await _end(answering)
            server.close()
            writer.close()

    def _is_lost(self, head: bytes) -> bool:
        method, asked, _ = head.decode("latin-1").split(" ", 2)
        if method != "PUT" or self.lost[asked] >= self.times:
            return False
        self.lost[asked] += 1
        return True


async def _ask(head: bytes, reader: StreamReader, server: StreamWriter) -> None:
    length = LENGTH.search(head)
    server.write(head + await reader.readexactly(int(length[1]) if length else 0))
    await server.drain()


async def _answer(answers: StreamReader, writer: StreamWriter) -> None:
    with suppress(OSError):
        while piece := await answers.read(PIECE):
            writer.write(piece)
            await writer.drain()
    writer.close()


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def losing_line(s3: S3Settings, *, times: int = 1) -> AsyncIterator[LosingLine]:
    """One to the server of `s3`."""
    assert s3.endpoint_url is not None
    line = LosingLine(s3, int(s3.endpoint_url.rpartition(":")[2]), times)
    async with await asyncio.start_server(line.come, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        line.settings = s3.model_copy(update={"endpoint_url": f"http://127.0.0.1:{port}"})
        yield line
        await line.cut()
