"""The whole stack from start to end: engines, setup, services, sample, and an orderly stop."""

import asyncio
import os
import signal
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from infra.local.children import Command, last_lines, start, stop
from infra.local.connections import Connections
from infra.local.errors import StackError
from infra.local.guard import kill_orphans
from infra.local.keeper import Keeper, Say, ended
from infra.local.layout import Layout
from infra.local.part import Part
from infra.local.programs import Programs
from infra.local.stack_identity import SERVICES, StackIdentity
from infra.local.state import Endpoints, Sample, StackState, Status, write_state

SETUP_TRIES: Final = 4
SETUP_WAIT_SECONDS: Final = 1.0


@dataclass
class Stack:
    """One run of a stack; `say` tells a person what happens."""

    layout: Layout
    identity: StackIdentity
    connections: Connections
    programs: Programs
    say: Say
    with_sample: bool = True
    _keepers: list[Keeper] = field(default_factory=list)
    _once: set[int] = field(default_factory=set)
    """Processes that run to their end: setup, sample."""
    _was_up: bool = False
    _stopping: bool = False
    _trouble: str | None = None

    async def run(self) -> int:
        """Run until asked to end (0) or until something makes it impossible (1)."""
        asked = self._listen()
        up = asyncio.create_task(self._up())
        waiting = asyncio.create_task(asked.wait())
        try:
            await asyncio.wait({up, waiting}, return_when=asyncio.FIRST_COMPLETED)
            return self._outcome(up)
        finally:
            waiting.cancel()
            await self._down(up)

    def _outcome(self, up: asyncio.Task[None]) -> int:
        if not up.done():
            return 0
        self._trouble = str(_first(up.exception()))
        self.say(self._trouble)
        return 1

    async def _up(self) -> None:
        """Bring everything up and keep it up; returns only by an error."""
        async with asyncio.TaskGroup() as tasks:
            engines = self._keep(tasks, [Part.of_engine(engine) for engine in self.connections.engines])
            sample = tasks.create_task(self._sample(engines))
            await _all_ready(engines)
            await self._once_done("setup", self.programs.provision())
            await _all_ready(self._keep(tasks, [self.programs.service(name) for name in SERVICES]))
            await sample
            self._was_up = True
            self._tell()
            self.say(f"{self._state()}: {self._endpoints().gateway_url}")
            await asyncio.get_running_loop().create_future()

    def _keep(self, tasks: asyncio.TaskGroup, parts: Iterable[Part]) -> list[Keeper]:
        """Start these together."""
        keepers = [Keeper(part, say=self.say, changed=self._tell, orphaned=self._sweep) for part in parts]
        self._keepers += keepers
        for keeper in keepers:
            tasks.create_task(keeper.keep())
        return keepers

    async def _sample(self, engines: Iterable[Keeper]) -> None:
        """Make it beside the rest of the start: until the gateway is there it needs no more than PostgreSQL.

        Without its sample a stack is of use: it stays up and says what is wrong.
        """
        if not self.with_sample:
            return
        await _all_ready(keeper for keeper in engines if keeper.part.name == "postgres")
        try:
            await self._once_done("sample", self.programs.sample())
        except StackError as error:
            self._trouble = error.reason
            self.say(self._trouble)

    async def _once_done(self, what: str, command: Command) -> None:
        """Run a program to its end, a few times if need be. Raises `StackError` with its last words."""
        for attempt in range(1, SETUP_TRIES + 1):
            began = asyncio.get_running_loop().time()
            if await self._run(command) == 0:
                self.say(f"{what} done after {asyncio.get_running_loop().time() - began:.1f} s")
                return
            self.say(f"{what} failed, try {attempt} of {SETUP_TRIES}: {last_lines(command.log, 1)}")
            await asyncio.sleep(SETUP_WAIT_SECONDS)
        raise StackError(f"{what} failed: {last_lines(command.log, 1)}; see {command.log}")

    async def _run(self, command: Command) -> int:
        process = start(command)
        self._once.add(process.pid)
        try:
            return await ended(process)
        finally:
            if process.poll() is None:
                await asyncio.to_thread(stop, process, command)
            self._once.discard(process.pid)

    async def _down(self, up: asyncio.Task[None]) -> None:
        """Services first, so that they find their engines while they end."""
        self._stopping = True
        self.say("stopping")
        up.cancel()
        await asyncio.gather(up, return_exceptions=True)
        for kind in ("service", "engine"):
            await asyncio.gather(*(keeper.stop() for keeper in self._keepers if keeper.part.kind == kind))
        self._tell()
        self.say("stopped")

    def _listen(self) -> asyncio.Event:
        asked, loop = asyncio.Event(), asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, asked.set)
        return asked

    def _sweep(self) -> None:
        """Kill what a dead part left behind, unless tools of a preparation, unknown here, may be among the children."""
        if not any(keeper.preparing for keeper in self._keepers):
            kill_orphans({keeper.pid for keeper in self._keepers} | self._once)

    def _tell(self) -> None:
        write_state(self.layout, self.status())

    def status(self) -> Status:
        """What other terminals are told."""
        return Status(
            state=self._state(),
            stack_id=self.identity.stack_id,
            data_dir=self.layout.root,
            supervisor_pid=os.getpid(),
            parts=[keeper.status for keeper in self._keepers],
            endpoints=self._endpoints(),
            sample=self._known_sample(),
            secrets_directory=self.layout.secrets,
            trouble=self._trouble,
        )

    def _state(self) -> StackState:
        if self._stopping:
            return "down"
        if not self._was_up:
            return "starting"
        well = not self._trouble and all(keeper.ready.is_set() for keeper in self._keepers)
        return "ready" if well else "degraded"

    def _endpoints(self) -> Endpoints:
        return Endpoints(
            gateway_url=f"http://{self.programs.address('gateway')}",
            kafka_bootstrap_servers=self.connections.kafka.bootstrap_servers,
            postgres_dsn=self.connections.dsn(),
            s3_endpoint_url=self.connections.s3.endpoint_url,
            repository_bucket=self.connections.s3.bucket,
            connections_file=self.layout.connections_file,
        )

    def _known_sample(self) -> Sample | None:
        if not self.layout.sample_file.exists():
            return None
        return Sample.model_validate_json(self.layout.sample_file.read_text(encoding="utf-8"))


async def _all_ready(keepers: Iterable[Keeper]) -> None:
    await asyncio.gather(*(keeper.ready.wait() for keeper in keepers))


def _first(error: BaseException | None) -> BaseException | None:
    """The first of a group of errors."""
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
