"""Tasks that belong together fail as one, with the error that came first, by its own name; and work that must end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

T = TypeVar("T")


@asynccontextmanager
async def together() -> AsyncIterator[asyncio.TaskGroup]:
    """A task group whose first error leaves it as itself, so that who catches errors by kind can.

    The others were caused by it or would have been next; they stay in the context of the first.
    """
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as several:
        raise _first(several) from several


def _first(error: BaseException) -> BaseException:
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


async def finished(work: "asyncio.Future[T]") -> T:
    """What `work` returns or raises. Cancelled, however often, it ends when the work has, and as cancelled."""
    cancelled: asyncio.CancelledError | None = None
    while not work.done():
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled:
        if not work.cancelled():
            work.exception()  # nobody waits for what came of it
        raise cancelled
    return work.result()
