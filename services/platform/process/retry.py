"""Engines come and go: what meets a transient error is tried again, with a pause that grows and differs."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, NoReturn, TypeVar

import structlog
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_random_exponential

from services.platform.process.errors import TransientError

T = TypeVar("T")
FIRST_PAUSE_SECONDS: Final = 0.2
LONGEST_PAUSE_SECONDS: Final = 5.0
"""An engine that comes back is found within this time."""
LONG_SECONDS: Final = 60.0
"""What went well for so long begins again with the shortest pause."""

log = structlog.get_logger()


async def until_done(what: str, attempt: Callable[[], Awaitable[T]]) -> T:
    """The result of `attempt`, called again after every TransientError. Other errors pass."""
    retrying = AsyncRetrying(
        retry=retry_if_exception_type(TransientError),
        wait=wait_random_exponential(multiplier=FIRST_PAUSE_SECONDS, max=LONGEST_PAUSE_SECONDS),
        before_sleep=lambda state: _tell(what, state),
        sleep=asyncio.sleep,
    )
    async for trial in retrying:
        with trial:
            return await attempt()
    raise AssertionError("it is tried until it is done")


async def for_ever(what: str, attempt: Callable[[], Awaitable[object]]) -> NoReturn:
    """Call `attempt` again whenever it returns, and after a pause when it meets a TransientError. Other errors pass."""

    async def once() -> None:
        began = time.monotonic()
        try:
            await attempt()
        except TransientError as error:
            if time.monotonic() - began < LONG_SECONDS:
                raise
            log.warning("will try again", what=what, reason=error.reason)

    while True:
        await until_done(what, once)


def _tell(what: str, state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    pause = state.next_action.sleep if state.next_action else 0
    log.warning("will try again", what=what, reason=str(error), pause_seconds=round(pause, 1))
