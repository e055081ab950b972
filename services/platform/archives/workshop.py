"""Threads that compress, and how many segments may be in the making at once for one archive."""

import asyncio
import os
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, ParamSpec, Self, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
AHEAD: Final = 1
"""Segments that wait for a thread, so that none is idle: memory is bounded by them."""


class Workshop:
    """A few threads, shared by every archive of the process."""

    def __init__(self, pool: ThreadPoolExecutor, threads: int) -> None:
        self._pool = pool
        self._in_work = threads + AHEAD

    @classmethod
    @contextmanager
    def open(cls, threads: int | None = None) -> Iterator[Self]:
        """As many threads as there are processors, unless told otherwise."""
        count = threads or os.cpu_count() or 1
        with ThreadPoolExecutor(count, "archives") as pool:
            yield cls(pool, count)

    async def do(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of `work`, done in one of the threads."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: work(*args, **kwargs))

    async def in_order(self, works: AsyncIterator[Callable[[], T]]) -> AsyncGenerator[T, None]:
        """The results of all works, several done at once, in the order of the works."""
        under_way: deque[asyncio.Future[T]] = deque()
        loop = asyncio.get_running_loop()
        try:
            async for work in works:
                under_way.append(loop.run_in_executor(self._pool, work))
                if len(under_way) >= self._in_work:
                    yield await under_way.popleft()
            while under_way:
                yield await under_way.popleft()
        finally:
            for future in under_way:
                future.cancel()
