"""Helper processes for blocking work that is mostly Python.

In threads it goes no faster than one after another, and waking each other for the interpreter's lock costs more than
the work: twelve threads that read small files took twice the time of one, and thrice its processor time.
"""

import asyncio
import os
import pickle
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

import structlog

from services.platform.process.hand import LENGTH
from services.platform.process.helping import end_helper, start_helper
from services.platform.process.holding import held_until
from services.platform.process.together import finished

T = TypeVar("T")

HAND: Final = "services.platform.process.hand"
MOST: Final = 4
"""Each takes 35 MiB of its own."""
WAITING: Final = 1
"""So many more of them than processors, where each waits for the disk now and then."""
MOST_LOST: Final = 3
"""Where so many have died, no more are started."""

log = structlog.get_logger()


class HandFailedError(Exception):
    """A helper could not do it, or died of it: do it here, and see what is wrong."""


class Hands:
    """As many helpers as there are processors, or one more where calls wait; each started when it is first needed.

    Who holds them has his own.
    """

    def __init__(self) -> None:
        processors = len(os.sched_getaffinity(0))
        self._room = {waits: asyncio.Semaphore(min(processors + waits * WAITING, MOST)) for waits in (False, True)}
        self._idle: list[_Hand] = []
        self._lost = 0

    async def run(self, call: Callable[..., T], *arguments: object, waits: bool = False) -> T:
        """What `call` returns: a function of a module, of which it does no harm to call it twice.

        `waits` where it waits for the disk now and then.

        Raises HandFailedError, also for an effect that comes when the caller's lease, as it was kept by now, may be
        over. Cancelled, it ends when the call has: nothing goes on behind its caller's back or is left half done.
        """
        async with self._room[waits]:
            hand = self._idle.pop() if self._idle else await self._started()
            asking = asyncio.create_task(hand.ask(call, arguments))
            try:
                worked, answer = await finished(asking)
            except (OSError, EOFError) as error:
                raise self._one_less(error) from error
            finally:
                if asking.cancelled() or asking.exception():
                    await hand.end()
                else:
                    self._idle.append(hand)
        if not worked:
            raise HandFailedError(answer)
        result: T = answer
        return result

    async def _started(self) -> "_Hand":
        if self._lost >= MOST_LOST:
            raise HandFailedError("too many helper processes have died")
        try:
            return await _Hand.start()
        except OSError as error:
            raise self._one_less(error) from error

    def _one_less(self, error: OSError | EOFError) -> HandFailedError:
        self._lost += 1
        log.warning("a helper process is gone: its work is done here", error=repr(error))
        return HandFailedError(str(error))

    async def end(self) -> None:
        """End all of them; nobody waits for one any more."""
        await finished(asyncio.gather(*(hand.end() for hand in self._idle)))
        self._idle.clear()


class _Hand:
    """One of them."""

    def __init__(self, process: Process, calls: asyncio.StreamWriter, answers: asyncio.StreamReader) -> None:
        self._process = process
        self._calls = calls
        self._answers = answers

    @classmethod
    async def start(cls) -> "_Hand":
        """Raises OSError."""
        process = await start_helper(HAND)
        assert process.stdin is not None  # noqa: S101 -- it was asked for as a pipe
        assert process.stdout is not None  # noqa: S101 -- as above
        return cls(process, process.stdin, process.stdout)

    async def ask(self, call: Callable[..., object], arguments: tuple[object, ...]) -> tuple[bool, Any]:
        """Whether it worked, and what came of it. Raises OSError and EOFError when the helper is gone."""
        self._calls.write(pickle.dumps((held_until(), call, arguments), pickle.HIGHEST_PROTOCOL))
        await self._calls.drain()
        (length,) = LENGTH.unpack(await self._answers.readexactly(LENGTH.size))
        answer: tuple[bool, Any] = pickle.loads(await self._answers.readexactly(length))  # noqa: S301 -- we started it
        return answer

    async def end(self) -> None:
        """Returns when it is gone, whatever it was doing."""
        await end_helper(self._process)


@asynccontextmanager
async def hands() -> AsyncIterator[Hands]:
    """Helpers that end with the block."""
    some = Hands()
    try:
        yield some
    finally:
        await some.end()
