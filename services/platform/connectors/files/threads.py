"""Blocking calls on files run in a few threads of their own, and none goes on behind its caller's back.

Where very many small documents are read or written, helper processes do that: see `hands`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from contextvars import copy_context
from functools import partial
from typing import Final, ParamSpec, TypeVar

from services.platform.process.hands import HandFailedError, Hands, hands
from services.platform.process.seams import rehearsed
from services.platform.process.together import finished

P = ParamSpec("P")
T = TypeVar("T")

COUNT: Final = 16
"""Syncs that wait at the same time share the file system's work."""
SMALL_AT_ONCE: Final = 2
"""Threads that work on small documents, as long as no helper does: more would wait for the same interpreter."""
FEW: Final = 4000
"""Small documents for which no helper is started: in the time that this takes, threads have done so many. A backup of
2,000 took a third of the time without, and one of 5,000 nearly as long as with them, measured."""


class Threads:
    """See `threads`."""

    def __init__(self, executor: ThreadPoolExecutor, helpers: Hands) -> None:
        self._executor = executor
        self._helpers = helpers
        self._room = asyncio.Semaphore(SMALL_AT_ONCE)
        self._small_count = 0

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `call` returns or raises. Cancelled, it ends when the call has: descriptors are then safe to close."""
        known = copy_context()  # for whom the call works
        work = partial(known.run, call, *args, **kwargs)
        return await finished(asyncio.get_running_loop().run_in_executor(self._executor, work))

    async def some(self, count: int, call: Callable[..., T], *arguments: object, waits: bool = False) -> T:
        """What `call` returns or raises, a work on `count` small documents that does no harm if it is done twice.

        `waits` where it waits for the disk now and then.
        """
        self._small_count += count
        if self._small_count > FEW and not rehearsed():
            with suppress(HandFailedError):
                return await self._helpers.run(call, *arguments, waits=waits)
        async with self._room:
            return await self.run(call, *arguments)


@asynccontextmanager
async def threads() -> AsyncIterator[Threads]:
    """Threads, and helpers, that end with the block."""
    executor = ThreadPoolExecutor(COUNT, thread_name_prefix="documents")
    try:
        async with hands() as helpers:
            yield Threads(executor, helpers)
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
