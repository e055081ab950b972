"""Makes any range of an archive again from its index; nothing of it is stored."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from functools import partial
from typing import Protocol

from services.platform.archives.cutting import Cut, read_again, segments
from services.platform.archives.index import Page, Segment, between
from services.platform.archives.segments import made_again
from services.platform.archives.workshop import Workshop
from services.platform.repository import EnvironmentRepository


class Index(Protocol):
    """The index of one archive. Raises NotTheSameError where a part of it is gone."""

    async def head(self) -> bytes:
        """What precedes the segments."""
        ...

    async def page_at(self, offset: int) -> Page:
        """The page that holds the archive's byte `offset`, behind the head."""
        ...


async def remade(
    repository: EnvironmentRepository, index: Index, workshop: Workshop, start: int, end: int
) -> AsyncGenerator[bytes, None]:
    """The bytes from `start` to `end` of an archive, made again.

    Raises NotTheSameError before any byte that would differ, and what reading the repository raises. The head comes
    with what follows it: bytes that are at hand are no sign that the others can be made.
    """
    head = await index.head()
    before, at = head[start:end], max(start, len(head))
    while at < end:
        page = await index.page_at(at)
        async with aclosing(_of_page(repository, page, workshop, at, min(end, page.end))) as several:
            async for data in several:
                yield before + data if before else data
                before = b""
        at = page.end
    if before:
        yield before


async def _of_page(
    repository: EnvironmentRepository, page: Page, workshop: Workshop, start: int, end: int
) -> AsyncGenerator[bytes, None]:
    first, last, at = _touched(page, start, end)
    pieces = list(between(page.pieces, first * page.segment_bytes, last * page.segment_bytes))
    async with (
        aclosing(read_again(repository, pieces)) as reads,
        aclosing(segments(reads, page.segment_bytes)) as cuts,
        aclosing(_works(cuts, page.segments[first:last])) as works,
        aclosing(workshop.in_order(works)) as several,
    ):
        async for data in several:
            wanted = data[max(start - at, 0) : max(end - at, 0)]
            at += len(data)
            yield wanted


async def _works(cuts: AsyncIterator[Cut], wanted: tuple[Segment, ...]) -> AsyncGenerator[Callable[[], bytes], None]:
    segments_left = iter(wanted)
    async for cut in cuts:
        yield partial(made_again, next(segments_left), cut.data)


def _touched(page: Page, start: int, end: int) -> tuple[int, int, int]:
    """The numbers of the first segment that has bytes from `start` on and of the one behind `end`, and where it begins.

    Both in the page; `start` is before `end`, and neither is outside of it.
    """
    begins = [page.start]
    for segment in page.segments:
        begins.append(begins[-1] + segment.size_bytes)
    first = max(number for number, begin in enumerate(begins[:-1]) if begin <= start)
    last = min(number for number, begin in enumerate(begins) if begin >= end)
    return first, last, begins[first]
