"""Runs PostgreSQL's programs in a process group of their own, tethered to this process, and keeps what they say."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import Final, Protocol

from services.platform.process.tethered import tethered

WORDS_KEPT: Final = 16 * 1024
"""Of what a program says on stderr: its end, where the reason is."""
PIPE_BYTES: Final = 1024 * 1024
"""What is read at once, and the most that waits in this process."""
BLACKED_OUT: Final = "[secret]"


class ChildGroups(Protocol):
    """Where process groups of running tools are told, so that a lost lease can kill them (`JobRun.children`)."""

    def group(self, pid: int) -> AbstractContextManager[None]:
        """The group `pid` lives as long as the context, at most."""
        ...


@dataclass(frozen=True)
class Invocation:
    """A program with its arguments and its whole environment; `secrets` are blacked out of what it says."""

    program: Path
    arguments: Sequence[str]
    environment: Mapping[str, str]
    descriptors: Sequence[int] = ()
    secrets: Sequence[str] = ()

    def with_descriptor(self, descriptor: int) -> "Invocation":
        """The same, with one more open file for the program."""
        return replace(self, descriptors=(*self.descriptors, descriptor))


@dataclass
class Child:
    """A running program."""

    process: asyncio.subprocess.Process
    secrets: Sequence[str]
    _words: bytearray = field(default_factory=bytearray)
    _listening: asyncio.Task[None] | None = None

    @property
    def words(self) -> str:
        """The end of what it said on stderr so far, without secrets."""
        text = bytes(self._words).decode(errors="replace").strip()
        for secret in self.secrets:
            text = text.replace(secret, BLACKED_OUT) if secret else text
        return text

    async def ended(self) -> int:
        """Wait for its end; the exit code, with all its words heard."""
        if self._listening:
            await self._listening
        return await self.process.wait()

    def listen(self) -> None:
        """Take in stderr from now on, so that a talkative program never blocks."""
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        stream = self.process.stderr
        while stream is not None and (piece := await stream.read(WORDS_KEPT)):
            self._words += piece
            del self._words[:-WORDS_KEPT]

    async def _drain(self) -> None:
        """Read stdout to its end: CPython before its issue 119710 waits for the pipe, too."""
        while self.process.stdout is not None and await self.process.stdout.read(PIPE_BYTES):
            pass

    async def hang_up(self) -> None:
        """Close its stdin and hear how that ended: CPython 3.11.2 logs a broken pipe that nobody asks about."""
        if self.process.stdin is not None:
            self.process.stdin.close()
            with suppress(BrokenPipeError, ConnectionResetError):
                await self.process.stdin.wait_closed()

    async def stop(self) -> None:
        """Kill its process group, if anything is left of it, and reap it."""
        if self.process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        await self._drain()
        await self.process.wait()
        await self.hang_up()
        if self._listening:
            await self._listening


@asynccontextmanager
async def running(
    invocation: Invocation, *, feeds: bool = False, groups: ChildGroups | None = None
) -> AsyncIterator[Child]:
    """Start a program; on leaving, however that comes about, nothing of it is left.

    `feeds` opens its stdin; stdout is always a pipe.
    """
    process = await asyncio.create_subprocess_exec(
        *tethered(invocation.program, *invocation.arguments),
        stdin=PIPE if feeds else DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        env=dict(invocation.environment),
        pass_fds=tuple(invocation.descriptors),
        start_new_session=True,
        limit=PIPE_BYTES,
    )
    child = Child(process, invocation.secrets)
    child.listen()
    with groups.group(process.pid) if groups else nullcontext():
        try:
            yield child
        finally:
            await asyncio.shield(child.stop())


async def output_of(invocation: Invocation, *, groups: ChildGroups | None = None) -> tuple[int, bytes, str]:
    """Exit code, stdout and the words of a program whose output is small."""
    async with running(invocation, groups=groups) as child:
        assert child.process.stdout is not None  # noqa: S101 -- it was asked for as a pipe
        printed = await child.process.stdout.read()
        return await child.ended(), printed, child.words
