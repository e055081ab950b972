"""Engines that can be frozen, killed and started again, and a door to the object store that lies."""

import asyncio
import re
import secrets
import signal
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, Literal

import psutil

from infra.local.children import Command, family, kill_all, start, stop
from infra.local.engines.engine import Engine
from infra.local.engines.kafka import Kafka
from infra.local.engines.postgres import Postgres
from infra.local.engines.seaweedfs import DOORS, SeaweedFS
from infra.local.ports import free_port, free_ports
from services.platform.process.settings import KafkaSettings, PostgresSettings, S3Settings
from tests.support.local_engines import (
    engine_directory,
    kafka_settings_of,
    postgres_settings_of,
    s3_settings_of,
)
from tests.support.until import until

START_SECONDS: Final = 240.0
GONE_SECONDS: Final = 60.0
"""Who writes to a slow disk ends behind that."""


@dataclass
class Machine:
    """One engine as a process."""

    engine: Engine
    command: Command
    process: subprocess.Popen[bytes]

    def freeze(self) -> None:
        """It and all that it started answer nobody."""
        self.process.send_signal(signal.SIGSTOP)  # first, so that it starts nobody meanwhile
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        """All go on, as if no time had passed."""
        self._signal_all(signal.SIGCONT)
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """It and all that it started are gone at once; `again` starts it anew on what it had written."""
        self.process.send_signal(signal.SIGSTOP)
        below = family(self.process.pid)
        self.process.kill()
        kill_all(below, GONE_SECONDS)
        self.process.wait()
        assert not [one for one in below if one.is_running()], "who is left holds PostgreSQL's memory, and none starts"

    def again(self) -> None:
        """Start it, and return when it answers."""
        self.engine.prepare()
        self.command = self.engine.command()  # begins the log anew, which tells when it is ready
        self.process = start(self.command)
        until(self.engine.is_ready, within_seconds=START_SECONDS)

    def _signal_all(self, number: signal.Signals) -> None:
        for process in family(self.process.pid):
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)


Lie = Literal["none", "refuses", "errs", "is slow", "loses answers", "is full"]
LIES: Final[tuple[Lie, ...]] = ("refuses", "errs", "is slow", "loses answers", "is full")
WRITING: Final = (b"PUT ", b"POST ")
FULL: Final = b"HTTP/1.1 507 Insufficient Storage\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass
class Door:
    """Stands before the object store; what it does to those who come depends on its `lie`."""

    port: int
    upstream_port: int
    lie: Lie = "none"
    met: Counter[Lie] = field(default_factory=Counter)
    """How many each of its lies was told to."""
    _open: set[asyncio.Task[None]] = field(default_factory=set)
    """Held here: the server lets go of who serves a connection that was lost."""

    def tell(self, lie: Lie) -> None:
        """From now on, for those who come and for those who are there: they have to come again."""
        self.lie = lie
        for task in self._open:
            task.cancel()

    def come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Somebody is at the door."""
        task = asyncio.create_task(self._serve(reader, writer))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lie = self.lie
        try:
            if lie not in ("none", "is full"):  # who only reads is told the truth by what is full
                self.met[lie] += 1
            if lie == "errs":
                await reader.readuntil(b"\r\n\r\n")
                writer.write(b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                await writer.drain()
            elif lie != "refuses":
                await self._between(reader, writer, lie)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # a broken connection is what this is for
        finally:
            writer.close()

    async def _between(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lie: Lie) -> None:
        theirs, ours = await asyncio.open_connection("127.0.0.1", self.upstream_port)
        if lie == "is full":
            asked = asyncio.create_task(self._copy_reads(reader, writer, ours))
        else:
            asked = asyncio.create_task(_copy(reader, ours, seconds=0.3 if lie == "is slow" else 0.0))
        try:
            if lie == "loses answers":
                await theirs.read(1)  # it was done, and nobody hears of it
            else:
                await _copy(theirs, writer)
        finally:
            asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)
            ours.close()

    async def _copy_reads(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ours: asyncio.StreamWriter
    ) -> None:
        """Pass on what only reads; what writes finds no room, and is told so once all of it has come."""
        while (head := await reader.readuntil(b"\r\n\r\n")) and not head.startswith(WRITING):
            ours.write(head)
            await ours.drain()
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        await reader.readexactly(int(length[1]) if length else 0)
        writer.write(FULL)
        await writer.drain()
        self.met["is full"] += 1
        ours.close()  # so whoever copies its answers ends, too


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter, seconds: float = 0.0) -> None:
    while data := await source.read(65536):
        await asyncio.sleep(seconds)
        target.write(data)
        await target.drain()


@dataclass
class Engines:
    """The three, and what a client is told to reach them."""

    kafka: Machine
    postgres: Machine
    s3: Machine
    door: Door
    kafka_settings: KafkaSettings
    postgres_settings: PostgresSettings
    s3_settings: S3Settings


@asynccontextmanager
async def open_engines() -> AsyncIterator[Engines]:
    """Start them; clients reach the object store through the door."""
    with ExitStack() as stack:
        rooms = [stack.enter_context(engine_directory()) for _ in range(3)]
        kafka = Kafka(rooms[0], free_port(), free_port(), password=secrets.token_urlsafe())
        postgres = Postgres(rooms[1], free_port(), password=secrets.token_urlsafe())
        s3 = SeaweedFS(rooms[2], tuple(free_ports(len(DOORS))), "nightkeep", secrets.token_urlsafe())
        machines = tuple(stack.enter_context(machine_of(engine)) for engine in (kafka, postgres, s3))
        behind = int(s3.endpoint_url.rpartition(":")[2])
        door = Door(free_port(), behind)
        told = s3_settings_of(f"http://127.0.0.1:{door.port}", s3.secret_access_key)
        async with await asyncio.start_server(door.come, "127.0.0.1", door.port):
            yield Engines(
                kafka=machines[0],
                postgres=machines[1],
                s3=machines[2],
                door=door,
                kafka_settings=kafka_settings_of(kafka.address, kafka.password),
                postgres_settings=postgres_settings_of(postgres),
                s3_settings=told,
            )


@contextmanager
def machine_of(engine: Engine) -> Iterator[Machine]:
    engine.prepare()
    command = engine.command()
    machine = Machine(engine, command, start(command))
    try:
        until(engine.is_ready, within_seconds=START_SECONDS)
        yield machine
    finally:
        if machine.process.poll() is None:
            machine.thaw()
        stop(machine.process, command)
