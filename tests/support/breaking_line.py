"""A line between programs and the gateway that stands still after so many bytes, until the test cuts or mends it.

It tells what was asked over it, and how many bytes came back: whether a program went on, or began again.
"""

import asyncio
from asyncio import StreamReader, StreamWriter, Task
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from tests.support.eventually import eventually

PIECE: Final = 64 * 1024
HEAD_ENDS: Final = b"\r\n\r\n"
BLOCK_BYTES: Final = 16 * 1024


@dataclass(frozen=True)
class Asked:
    """One request, its headers by their small names."""

    method: str
    headers: Mapping[str, str]

    @classmethod
    def read(cls, head: bytes) -> "Asked":
        """From the text of its head."""
        first, *lines = head.decode("latin-1").strip().split("\r\n")
        pairs = (line.partition(":") for line in lines)
        return cls(first.partition(" ")[0], {name.lower(): value.strip() for name, _, value in pairs})

    @property
    def range(self) -> str | None:
        """What its Range says."""
        return self.headers.get("range")


def asked_bytes(asked: Iterable[Asked]) -> int:
    """How many bytes these ask for, none counted twice: each for one range, in whole blocks."""
    blocks: set[int] = set()
    for one in asked:
        assert one.range is not None
        first, _, last = one.range.removeprefix("bytes=").partition("-")
        blocks.update(range(int(first) // BLOCK_BYTES, int(last) // BLOCK_BYTES + 1))
    return len(blocks) * BLOCK_BYTES


@dataclass
class Line:
    """The line to one server; `stands_after` so many bytes of answers, or never."""

    host: str
    port: int
    url: str = ""
    """The link, over this line."""
    asked: list[Asked] = field(default_factory=list)
    passed_bytes: int = 0
    stands_after: int | None = None
    most_at_once: int = 0
    """The most connections that were open together."""
    _standing: bool = False
    _connections: set[Task[None]] = field(default_factory=set)

    async def stands(self) -> None:
        """Returns once it stands still."""

        async def look() -> bool:
            return self._standing

        await eventually(look)

    def mend(self) -> None:
        """From now on everything passes."""
        self.stands_after = None

    def cut(self) -> None:
        """End every connection after what has passed; new ones are let through."""
        self.mend()
        for connection in self._connections:
            connection.cancel()

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Pass on what one connection asks and what it is answered."""
        answers, server = await asyncio.open_connection(self.host, self.port)
        pumps = {asyncio.create_task(self._ask(reader, server)), asyncio.create_task(self._answer(answers, writer))}
        self._connections |= pumps
        self.most_at_once = max(self.most_at_once, len(self._connections) // len(pumps))
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        self._connections -= pumps
        for pump in pumps:
            pump.cancel()
        server.close()
        writer.close()

    async def _ask(self, reader: StreamReader, server: StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(HEAD_ENDS)
                self.asked.append(Asked.read(head))
                server.write(head)
                await server.drain()

    async def _answer(self, answers: StreamReader, writer: StreamWriter) -> None:
        with suppress(OSError):
            while piece := await answers.read(PIECE):
                await self._may_pass()
                self.passed_bytes += len(piece)
                writer.write(piece)
                await writer.drain()

    async def _may_pass(self) -> None:
        while self.stands_after is not None and self.passed_bytes >= self.stands_after:
            self._standing = True
            await asyncio.sleep(0.02)


@asynccontextmanager
async def open_line(link: str, *, stands_after: int | None = None) -> AsyncIterator[Line]:
    """A line to where a link leads."""
    parts = urlsplit(link)
    assert parts.hostname is not None
    assert parts.port is not None
    line = Line(parts.hostname, parts.port, stands_after=stands_after)
    async with await asyncio.start_server(line.serve, "127.0.0.1", 0) as server:
        line.url = parts._replace(netloc=f"127.0.0.1:{server.sockets[0].getsockname()[1]}").geturl()
        yield line
        line.cut()
