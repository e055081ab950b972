"""Reads documents and stores them, many at once, within a bound of memory (spec: environments, "The backup")."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from services.platform.connectors.files import DocumentChangedError, DocumentVanishedError, Listed, Whole
from services.platform.connectors.files.pacing import SMALL_BYTES, bundles
from services.platform.process.together import together
from services.platform.repository import EnvironmentRepository, Packed, Present, StoredSequence
from services.snapshot.domain.warnings import Met
from services.snapshot.meter import Meter
from services.snapshot.scratch import Scratch, Stored, ToRead
from services.snapshot.source import Source

AT_ONCE: Final = 12
"""Bundles of small documents, and large ones, under way: more of them only wait for the same processor."""
MEMORY_BYTES: Final = 48 * 1024 * 1024
"""Of documents' bytes under way: a few large ones, or all the small ones."""
TRIES: Final = 3
"""A document that changes is read so often; it should never change at all."""
KEPT: Final = 500
"""Results until they are written to the scratch file."""


class Budget:
    """Memory that is lent out; who asks for more than there is gets all of it."""

    def __init__(self, size_bytes: int) -> None:
        self._size_bytes = size_bytes
        self._left = size_bytes
        self._returned = asyncio.Event()

    @asynccontextmanager
    async def lent(self, size_bytes: int) -> AsyncIterator[None]:
        """`size_bytes`, as soon as they are there."""
        wanted = min(size_bytes, self._size_bytes)
        while self._left < wanted:
            self._returned.clear()
            await self._returned.wait()
        self._left -= wanted
        try:
            yield
        finally:
            self._left += wanted
            self._returned.set()


class Reading:
    """Reads what the scratch file says must be read."""

    def __init__(
        self, source: Source, repository: EnvironmentRepository, scratch: Scratch, meter: Meter, met: Met
    ) -> None:
        self._source = source
        self._repository = repository
        self._scratch = scratch
        self._meter = meter
        self._met = met
        self._budget = Budget(MEMORY_BYTES)
        self._results: list[Stored] = []
        self._vanished: list[ToRead] = []
        self.stored_bytes = 0

    async def run(self) -> None:
        """Read and store all of it. Raises DocumentChangedError for one that changes each time."""
        next_ones = _shared(bundles(self._scratch.to_read(), _small_bytes))
        async with together() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._work(next_ones))
        await self._keep(0)
        for document in self._vanished:
            await self._replace(document)
        await self._miss_none()

    async def _miss_none(self) -> None:
        """A document that was listed and then forgotten would only be noticed when it is wanted back."""
        left, _ = await self._scratch.to_read_totals()
        if left != self._met.vanished.count:
            raise RuntimeError(f"{left - self._met.vanished.count} documents were listed and neither stored nor missed")

    async def _work(self, next_ones: Callable[[], Awaitable[Sequence[ToRead] | None]]) -> None:
        while documents := await next_ones():
            async with self._budget.lent(sum(document.size_bytes for document in documents)):
                await self._read_together(documents)
            await self._keep(KEPT)

    async def _read_together(self, documents: Sequence[ToRead]) -> None:
        found = await self._small(documents)
        await self._store_small([whole for whole in found if whole])
        for document, whole in zip(documents, found, strict=True):
            if whole is None:
                await self._read(document)
        await self._meter.documents_done(len(documents))

    async def _store_small(self, wholes: Sequence[Whole[Packed | Present]]) -> None:
        stored = await self._repository.store_small([whole.made for whole in wholes])
        for whole, one in zip(wholes, stored, strict=True):
            self._take(whole.seen, one)
        await self._meter.passed(sum(whole.made.size_bytes for whole in wholes))

    async def _small(self, documents: Sequence[ToRead]) -> Sequence[Whole[Packed | Present] | None]:
        if _small_bytes(documents[0]) is None:
            return [None]
        await self._source.throttle.passed(sum(document.size_bytes for document in documents))
        packing = await self._repository.packing([document.known for document in documents if document.known])
        return await self._source.documents.read_small([document.place for document in documents], packing)

    async def _read(self, document: ToRead) -> None:
        for attempt in range(1, TRIES + 1):
            try:
                await self._store(document)
            except DocumentVanishedError:
                self._vanished.append(document)
            except DocumentChangedError:
                if attempt == TRIES:
                    raise
                continue
            return

    async def _store(self, document: ToRead) -> None:
        reader = self._source.documents.read(document.place)
        pieces = self._source.throttle.slowed(reader.pieces())
        stored = await self._repository.store(self._meter.counted(pieces))
        self._take(reader.seen, stored)

    def _take(self, seen: Listed, stored: StoredSequence) -> None:
        self.stored_bytes += stored.stored_bytes
        self._results.append(Stored(seen, stored.contents, stored.hash))

    async def _keep(self, at_least: int) -> None:
        if len(self._results) > at_least:
            results, self._results = self._results, []
            await self._scratch.add_stored(results)

    async def _replace(self, document: ToRead) -> None:
        """What vanished since the listing is taken from the previous backup, if that has it; else it is named."""
        if await self._scratch.take_from_previous(document.document_id):
            self._met.taken_from_previous.add(document.place)
        else:
            self._met.vanished.add(document.place)


def _small_bytes(document: ToRead) -> int | None:
    return document.size_bytes if document.size_bytes <= SMALL_BYTES else None


def _shared(documents: AsyncIterator[Sequence[ToRead]]) -> Callable[[], Awaitable[Sequence[ToRead] | None]]:
    """The next ones for whoever asks; an iterator takes one question at a time."""
    one_at_a_time = asyncio.Lock()

    async def next_ones() -> Sequence[ToRead] | None:
        async with one_at_a_time:
            return await anext(documents, None)

    return next_ones
