"""Background tasks of a service in the test's own process."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any


@asynccontextmanager
async def running(tasks: Sequence[Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Runs them until the end of the context; none may have died by then."""
    begun = [asyncio.ensure_future(task) for task in tasks]
    try:
        yield
    finally:
        died = [error for task in begun if task.done() and (error := task.exception())]
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)
        assert not died
