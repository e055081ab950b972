"""Works on many documents, some at a time, and tells how far it is; memory stays bounded however many there are."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager, nullcontext
from typing import Final, Protocol, TypeVar

from services.platform.process.together import together

T = TypeVar("T")

AT_ONCE: Final = 16
"""Hides what one small document costs in round trips."""
BUNDLES_AT_ONCE: Final = 4
"""More of them only wait for each other: on a local disk eight took a third longer, measured."""
BUNDLE_COUNT: Final = 128
"""Documents in a bundle, each an open file while it is written; what is done once for all (syncs!) is shared."""
BUNDLE_BYTES: Final = 1024 * 1024
SMALL_BYTES: Final = 256 * 1024
"""What goes into a bundle with others."""
LARGE_BYTES: Final = 1024 * 1024
LARGE_AT_ONCE: Final = 2
"""A large one is several contents of 16 MiB in memory."""
TELL_SECONDS: Final = 0.2
"""Told for each of many small documents, progress would cost a tenth of the work."""


class Progress(Protocol):
    """How far a step is (a JobRun's `progress` is one); raises when the work must stop."""

    async def __call__(
        self,
        *,
        bytes_done: int = 0,
        bytes_total: int | None = None,
        documents_done: int = 0,
        documents_total: int | None = None,
    ) -> None:
        """Tell."""
        ...


async def unwatched(
    *,
    bytes_done: int = 0,
    bytes_total: int | None = None,
    documents_done: int = 0,
    documents_total: int | None = None,
) -> None:
    """Nobody watches."""


class Pace:
    """One step's work on documents: how many at once, and how many are done."""

    def __init__(
        self, progress: Progress, *, documents_total: int | None = None, bytes_total: int | None = None
    ) -> None:
        self._progress = progress
        self._documents_total = documents_total
        self._bytes_total = bytes_total
        self._documents_done = 0
        self._bytes_done = 0
        self._told_at = -TELL_SECONDS
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)

    async def each(
        self, items: AsyncGenerator[T, None], work: Callable[[T], Awaitable[None]], *, at_once: int = AT_ONCE
    ) -> None:
        """Do `work` for every item, and tell what is done then; the first error ends all of it, as itself."""
        room = asyncio.Semaphore(at_once)

        async def one(item: T) -> None:
            try:
                await work(item)
            finally:
                room.release()

        async with together() as group, aclosing(items):
            async for item in items:
                await room.acquire()
                group.create_task(one(item))
        await self._tell()

    @asynccontextmanager
    async def document(self, size_bytes: int) -> AsyncIterator["Passing"]:
        """One document under way; told as done at the end."""
        passing = Passing(self)
        async with self._large if size_bytes > LARGE_BYTES else nullcontext():
            yield passing
        await self.tell(1, size_bytes - passing.told_bytes)

    async def tell(self, documents: int, size_bytes: int = 0) -> None:
        """So many more are done: the progress hears of it now and then."""
        self._documents_done += documents
        self._bytes_done += size_bytes
        if time.monotonic() - self._told_at >= TELL_SECONDS:
            await self._tell()

    async def _tell(self) -> None:
        self._told_at = time.monotonic()
        await self._progress(
            bytes_done=self._bytes_done,
            bytes_total=self._bytes_total,
            documents_done=self._documents_done,
            documents_total=self._documents_total,
        )


async def bundles(items: AsyncIterator[T], small_bytes: Callable[[T], int | None]) -> AsyncGenerator[Sequence[T], None]:
    """Small items together, a bundle at a time; one that is not (`small_bytes` says None) comes alone, before those."""
    waiting: list[T] = []
    waiting_bytes = 0
    async for item in items:
        size_bytes = small_bytes(item)
        if size_bytes is None:
            yield [item]
            continue
        if waiting_bytes + size_bytes > BUNDLE_BYTES or len(waiting) == BUNDLE_COUNT:
            yield waiting
            waiting, waiting_bytes = [], 0
        waiting.append(item)
        waiting_bytes += size_bytes
    if waiting:
        yield waiting


class Passing:
    """Tells of one document's bytes as they pass: a large one takes longer than a job may stand still."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self.told_bytes = 0

    async def counted(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The same bytes. Raises what the progress raises."""
        async for piece in pieces:
            yield piece
            self.told_bytes += len(piece)
            await self._pace.tell(0, len(piece))
