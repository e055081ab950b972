"""Sweeps when it is time, by business time, and goes on sending what the catalog has not answered."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Final

from services.platform.database import Database, load_queries
from services.platform.process.clock import Clock
from services.platform.process.retry import for_ever
from services.retention.asking import Asking
from services.retention.sweeping import Sweep

LOOK_SECONDS: Final = 1.0
"""How often it looks at the clock, which a file may move, and whether somebody has approved a sweep that stopped."""

queries = load_queries("services.retention")


class Patrol:
    """The background task. Any number may run at once: PostgreSQL knows when the last sweep was begun.

    Nothing is asked for before `is_ready`: who has not read the log to its end would ask for what has gone long ago.
    """

    def __init__(self, sweep: Sweep, asking: Asking, database: Database, clock: Clock, interval: timedelta) -> None:
        self._sweep = sweep
        self._asking = asking
        self._database = database
        self._clock = clock
        self._interval = interval

    async def run(self, is_ready: Callable[[], Awaitable[bool]]) -> None:
        """Look until cancelled."""
        await for_ever("sweep", partial(self._look_and_wait, is_ready))

    async def _look_and_wait(self, is_ready: Callable[[], Awaitable[bool]]) -> None:
        if await is_ready():
            await self._look()
        await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        if await self._is_time():
            await self._sweep.now()
        else:
            await self._asking.send()

    async def _is_time(self) -> bool:
        async with self._database.transaction() as c:
            claimed: bool | None = await queries.claim_sweep(
                c, now=self._clock.now(), interval_seconds=self._interval.total_seconds()
            )
        return bool(claimed)
