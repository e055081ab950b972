"""Takes what several sources give as it comes, so that none waits while another is asked."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
Source = AsyncGenerator[T, None]


async def merged(sources: Iterable[Source[T]], at_once: int) -> Source[T]:
    """All that `sources` give, each one's in its order; of those under way one item each waits at most.

    The first error ends all of them, as itself. Close it if you do not take everything.
    """
    to_come = iter(sources)
    waiting = {_asked(source): source for source in islice(to_come, at_once)}
    try:
        while waiting:
            answered, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for one in answered:
                items, source = one.result(), waiting.pop(one)
                for following in [source] if items else islice(to_come, 1):
                    waiting[_asked(following)] = following
                for item in items:
                    yield item
    finally:
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        for source in waiting.values():
            await source.aclose()


def _asked(source: Source[T]) -> asyncio.Task[tuple[T, ...]]:
    return asyncio.create_task(_next(source))


async def _next(source: Source[T]) -> tuple[T, ...]:
    """The next item; none at the end."""
    async for item in source:
        return (item,)
    return ()
