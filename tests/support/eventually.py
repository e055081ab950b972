"""Waiting for a condition instead of for a time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

S = TypeVar("S")
T = TypeVar("T")

FIRST_PAUSE_SECONDS: Final = 0.02
LONGEST_PAUSE_SECONDS = 0.2
LATE_BY: Final = 0.05
"""What was waited for long is seen later by this share of the wait: who looks all the time keeps a core from it."""


async def eventually(look: Callable[[], Awaitable[T]], *, within_seconds: float = 60.0) -> T:
    """What `look` answers, as soon as that is true. Raises TimeoutError with the last answer."""
    began = time.monotonic()
    answer = await look()
    try:
        async with asyncio.timeout(within_seconds):
            while not answer:
                await asyncio.sleep(pause_seconds(time.monotonic() - began))
                answer = await look()
    except TimeoutError as error:
        raise TimeoutError(f"it did not become true in time; the last answer was {answer!r}") from error
    return answer


def pause_seconds(waited_seconds: float) -> float:
    """For how long to look away after a wait that long."""
    return min(max(LATE_BY * waited_seconds, FIRST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS)


async def undisturbed(look: Callable[[], Awaitable[T]], state: Callable[[], Awaitable[S]]) -> T:
    """What `look` sees while `state` stays as it is; it looks again for as long as something changes meanwhile."""
    before, seen = await state(), await look()
    while (now := await state()) != before:
        before, seen = now, await look()
    return seen
