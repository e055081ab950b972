"""The pass over a backup that makes an archive's index; what it compresses is counted and forgotten."""

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from contracts.events.archives import DataType
from contracts.manifest import Manifest
from services.platform.archives.cutting import Cut, read_first, segments
from services.platform.archives.dump.head import Head
from services.platform.archives.errors import DamagedDumpError
from services.platform.archives.index import PAGE_PIECES, PAGE_SEGMENTS, SEGMENT_BYTES, Page, Piece, Segment, joined
from services.platform.archives.segments import DumpEncoder, Encoder, GzipEncoder, Made, made
from services.platform.archives.sources import Batch, dump_batches, dump_head, tar_batches
from services.platform.archives.workshop import Workshop
from services.platform.repository import EnvironmentRepository

Told = Callable[[int], Awaitable[None]]
"""Called with the bytes read so far, segment by segment."""


class Shelf(Protocol):
    """Where the pages of one index are kept."""

    async def put(self, page: Page) -> None:
        """Keep a page; they come in order."""
        ...


@dataclass(frozen=True, slots=True)
class Indexed:
    """An archive whose index is complete: what precedes its segments, its size, and its SHA-256 where it was seen."""

    head: bytes
    size_bytes: int
    sha256: str | None


@dataclass(frozen=True)
class Bench:
    """What a pass works with; `told` hears how far it is, sizes are for tests to change."""

    repository: EnvironmentRepository
    shelf: Shelf
    workshop: Workshop
    told: Told
    segment_bytes: int = SEGMENT_BYTES
    page_segments: int = PAGE_SEGMENTS


async def index_archive(bench: Bench, manifest: Manifest, data_type: DataType) -> Indexed:
    """Make the index of an archive and put its pages onto the shelf.

    The SHA-256 of a database-only archive is None: its head tells where its blocks begin, which is known at the end.
    Raises the DumpError tree, ContradictionError, and what reading the repository raises.
    """
    if data_type is DataType.DATABASE_ONLY:
        head = await dump_head(bench.repository, manifest.database, bench.workshop)
        return await _index_dump(_Pass(bench), manifest, head)
    return await _index_tar(_Pass(bench), tar_batches(bench.repository, manifest, data_type))


async def _index_tar(passing: "_Pass", batches: AsyncGenerator[Batch, None]) -> Indexed:
    whole = hashlib.sha256()
    async with aclosing(batches), aclosing(passing.run(batches, GzipEncoder(), start=0)) as several:
        async for one in several:
            await passing.bench.workshop.do(whole.update, one.data)
    return Indexed(b"", passing.end, whole.hexdigest())


async def _index_dump(passing: "_Pass", manifest: Manifest, head: Head) -> Indexed:
    offsets: dict[int, int] = {}
    at = head.rewritten_size_bytes
    batches = dump_batches(manifest.database, head)
    async with aclosing(passing.run(batches, DumpEncoder(), start=at)) as several:
        async for one in several:
            for dump_id, distance in one.blocks:
                if dump_id not in head.with_data or dump_id in offsets:
                    raise DamagedDumpError(f"the dump is damaged: its block {dump_id} is unknown or comes twice")
                offsets[dump_id] = at + distance
            at += one.segment.size_bytes
    if len(offsets) != len(head.with_data):
        raise DamagedDumpError("the dump is damaged: the data of a table is missing, so its end may be cut off")
    return Indexed(head.rewritten(offsets), passing.end, None)


class _Pass:
    """One pass: cuts, encodes side by side, and puts pages together."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.end = 0
        self._number = 0
        self._segments: list[Segment] = []
        self._pieces: list[Piece] = []

    async def run(self, batches: AsyncIterator[Batch], encoder: Encoder, *, start: int) -> AsyncGenerator[Made, None]:
        """The segments in order, the first at `start` in the archive; their pages are kept as they fill."""
        self.end = page_start = start
        done_bytes = 0
        async with (
            aclosing(read_first(self.bench.repository, batches)) as reads,
            aclosing(segments(reads, self.bench.segment_bytes)) as cuts,
            aclosing(self._works(cuts, encoder)) as works,
            aclosing(self.bench.workshop.in_order(works)) as several,
        ):
            async for cut_bytes, pieces, one in several:
                yield one
                done_bytes += cut_bytes
                self.end += one.segment.size_bytes
                self._segments.append(one.segment)
                joined(self._pieces, pieces)
                if len(self._segments) >= self.bench.page_segments or len(self._pieces) >= PAGE_PIECES:
                    await self._turn_page(page_start)
                    page_start = self.end
                await self.bench.told(done_bytes)
        encoder.end()
        if self._segments:
            await self._turn_page(page_start)

    async def _works(
        self, cuts: AsyncIterator[Cut], encoder: Encoder
    ) -> AsyncGenerator[Callable[[], tuple[int, list[Piece], Made]], None]:
        async for cut in cuts:
            place, encode_now = await self.bench.workshop.do(encoder.take, cut.data)
            yield partial(_worked, len(cut.data), cut.pieces, partial(made, place, encode_now))

    async def _turn_page(self, start: int) -> None:
        page = Page(
            number=self._number,
            start=start,
            segment_bytes=self.bench.segment_bytes,
            segments=tuple(self._segments),
            pieces=tuple(self._pieces),
        )
        await self.bench.shelf.put(page)
        self._number += 1
        self._segments, self._pieces = [], []


def _worked(cut_bytes: int, pieces: list[Piece], make: Callable[[], Made]) -> tuple[int, list[Piece], Made]:
    return cut_bytes, pieces, make()
