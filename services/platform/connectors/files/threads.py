"""Blocking calls on files run in a few threads of their own, and none goes on behind its caller's back."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Final, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

COUNT: Final = 16
"""Syncs that wait at the same time share the file system's work."""


class Threads:
    """See `threads`."""

    def __init__(self, executor: ThreadPoolExecutor) -> None:
        self._executor = executor

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `call` returns or raises. Cancelled, it ends when the call has: descriptors are then safe to close."""
        under_way = asyncio.get_running_loop().run_in_executor(self._executor, lambda: call(*args, **kwargs))
        try:
            return await asyncio.shield(under_way)
        except asyncio.CancelledError:
            await asyncio.wait([under_way])
            raise


@asynccontextmanager
async def threads() -> AsyncIterator[Threads]:
    """Threads that end with the block."""
    executor = ThreadPoolExecutor(COUNT, thread_name_prefix="documents")
    try:
        yield Threads(executor)
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
