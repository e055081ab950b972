"""Keep one part running: start it, ask until it is ready, and start it again with back-off when it dies."""

import asyncio
import os
import subprocess
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from infra.local.children import Command, last_lines, start, stop
from infra.local.errors import StackError
from infra.local.part import Part
from infra.local.state import PartState, PartStatus
from services.platform.process.errors import NightkeepError

FIRST_WAIT_SECONDS: Final = 0.5
LONGEST_WAIT_SECONDS: Final = 30.0
STABLE_SECONDS: Final = 30.0
"""A part that lived so long begins again at the shortest wait."""
ASK_STARTING_SECONDS: Final = 0.15
ASK_RUNNING_SECONDS: Final = 2.0
MISSES: Final = 3
"""A part that is busy for a moment answers one of so many questions in a row."""

Say = Callable[[str], None]


class Keeper:
    """One part's life. `ready` is set while it may be relied on, `preparing` while tools of its preparation may run.

    `changed` is called whenever its status changes, `orphaned` when its process ended and may have left others behind.
    """

    def __init__(self, part: Part, *, say: Say, changed: Callable[[], None], orphaned: Callable[[], None]) -> None:
        self.part = part
        self.ready = asyncio.Event()
        self.status = PartStatus(name=part.name, kind=part.kind, address=part.address, log=part.log)
        self._say = say
        self._changed = changed
        self._orphaned = orphaned
        self.preparing = False
        self._first = True
        self._running: tuple[subprocess.Popen[bytes], Command] | None = None

    @property
    def pid(self) -> int | None:
        """Its process, while there is one."""
        return self._running[0].pid if self._running else None

    async def keep(self) -> None:
        """Run until cancelled; then the part still runs, and `stop` ends it.

        Raises `StackError` if the very first start is impossible: that is for a person to solve, not for patience.
        """
        wait_seconds = FIRST_WAIT_SECONDS
        while True:
            began = asyncio.get_running_loop().time()
            reason = await self._live_once()
            if asyncio.get_running_loop().time() - began > STABLE_SECONDS:
                wait_seconds = FIRST_WAIT_SECONDS
            self._note("restarting", restarts=self.status.restarts + 1)
            self._say(f"{self.part.name} {reason}; starting it again in {wait_seconds:g} s")
            await asyncio.sleep(wait_seconds)
            wait_seconds = min(2 * wait_seconds, LONGEST_WAIT_SECONDS)

    async def stop(self) -> None:
        """End it politely, if it runs."""
        if self._running:
            await asyncio.to_thread(stop, *self._running)
            self._running = None
            self._say(f"{self.part.name} stopped")
        self._note("stopped")

    async def _live_once(self) -> str:
        """Run it to its end; return what became of it."""
        self._note("starting", started_at=datetime.now(UTC))
        try:
            await self._prepare()
            process = self._start()
        except (NightkeepError, OSError, subprocess.SubprocessError) as error:
            if self._first:
                raise StackError(f"{self.part.name} could not be started: {error}") from error
            return f"could not be started ({error})"
        self._first = False
        asking = asyncio.create_task(self._ask())
        try:
            code = await ended(process)
        finally:
            asking.cancel()
        self._running = None
        self.ready.clear()
        self._orphaned()
        return _cause(code, self.part)

    async def _prepare(self) -> None:
        self.preparing = True
        try:
            await asyncio.to_thread(self.part.prepare)
        finally:
            self.preparing = False

    def _start(self) -> subprocess.Popen[bytes]:
        """Start it from this thread, the main one: the leash is held by the thread that starts."""
        command = self.part.command()
        process = start(command)
        self._running = (process, command)
        self._note("starting")
        return process

    async def _ask(self) -> None:
        """Ask until it is ready; go on asking if it can lose that while it runs."""
        asked_from, misses = asyncio.get_running_loop().time(), 0
        while True:
            answer = await self.part.is_ready()
            misses = 0 if answer else misses + 1
            if answer and not self.ready.is_set():
                self._say(f"{self.part.name} ready after {asyncio.get_running_loop().time() - asked_from:.1f} s")
                self.ready.set()
                self._note("ready")
                if not self.part.watched:
                    return
            elif misses >= MISSES and self.ready.is_set():
                self._say(f"{self.part.name} is not ready any more")
                self.ready.clear()
                self._note("unready")
            await asyncio.sleep(ASK_RUNNING_SECONDS if answer else ASK_STARTING_SECONDS)

    def _note(self, state: PartState, **changes: object) -> None:
        self.status = self.status.model_copy(update={"state": state, "pid": self.pid, **changes})
        self._changed()


async def ended(process: subprocess.Popen[bytes]) -> int:
    """Wait for the end of a process without a thread; return its code."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    with suppress(ProcessLookupError):
        descriptor = os.pidfd_open(process.pid)
        loop.add_reader(descriptor, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)
    return process.wait()


def _cause(code: int, part: Part) -> str:
    how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
    said = last_lines(part.log, 1)
    return f"{how} ({said})" if said and code > 0 else how
