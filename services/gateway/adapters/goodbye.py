"""When the process is told to end, whoever is held by it is answered while an answer still goes out."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from services.platform.process.http import GOODBYE_SECONDS

LAST_SECONDS: Final = GOODBYE_SECONDS - 1.0
"""What is decided within that is told as it was decided; an answer to the rest needs what is left."""
SOON_SECONDS: Final = 0.025
LOOK_SECONDS: Final = 0.2
"""Where it takes longer, nobody notices so much."""

T = TypeVar("T")


class Goodbye:
    """Said once. Before that everybody waits for as long as they have patience."""

    def __init__(self) -> None:
        self._last: float | None = None
        self._waits: set[asyncio.Timeout] = set()

    @property
    def is_said(self) -> bool:
        """Whether the process ends."""
        return self._last is not None

    def say(self) -> None:
        """From here on nobody is held for longer than `LAST_SECONDS`."""
        self._last = _now() + LAST_SECONDS
        for one in self._waits:
            if not one.expired():
                one.reschedule(self._bounded(one.when() or self._last))

    @asynccontextmanager
    async def patience(self, seconds: float) -> AsyncIterator[None]:
        """A block that may take so long, or what is left at the end. Raises TimeoutError."""
        async with asyncio.timeout_at(self._bounded(_now() + seconds)) as one:
            self._waits.add(one)
            try:
                yield
            finally:
                self._waits.discard(one)

    def _bounded(self, until: float) -> float:
        return until if self._last is None else min(until, self._last)

    async def once(self, look: Callable[[], Awaitable[T]], ended: Callable[[T], bool], seconds: float) -> T:
        """What `look` sees once that has ended, or as it is after `seconds`, or at the end."""
        until, pause_seconds = _now() + seconds, SOON_SECONDS
        while True:
            seen = await look()
            if ended(seen) or self.is_said or _now() >= until:
                return seen
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(2 * pause_seconds, LOOK_SECONDS)


def _now() -> float:
    return asyncio.get_running_loop().time()
