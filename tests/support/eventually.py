"""Waiting for a condition instead of for a time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")


async def eventually(look: Callable[[], Awaitable[T]], *, within_seconds: float = 60.0) -> T:
    """What `look` answers, as soon as that is true. Raises TimeoutError with the last answer."""
    answer = await look()
    try:
        async with asyncio.timeout(within_seconds):
            while not answer:
                await asyncio.sleep(0.02)
                answer = await look()
    except TimeoutError as error:
        raise TimeoutError(f"it did not become true in time; the last answer was {answer!r}") from error
    return answer


async def undisturbed(look: Callable[[], Awaitable[T]], state: Callable[[], Awaitable[S]]) -> T:
    """What `look` sees while `state` stays as it is; it looks again for as long as something changes meanwhile."""
    before, seen = await state(), await look()
    while (now := await state()) != before:
        before, seen = now, await look()
    return seen
