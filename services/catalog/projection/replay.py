"""Fills what the live projection missed, from the log itself (architecture §2.13)."""

import asyncio
from typing import Final

import structlog

from contracts.topics import Topic
from services.catalog.projection.keeper import Projection
from services.catalog.projection.sharing import Missing, Sharing
from services.platform.messaging.reading import LogReader
from services.platform.process.retry import for_ever
from services.platform.process.together import together

LOOK_SECONDS: Final = 1.0
"""How often what was applied is compared with the log's end."""
PATIENCE_LOOKS: Final = 2
"""A partition that did not move for so many looks, though there is more, is read by the replayer."""
AT_ONCE: Final = 2
"""Partitions that are caught up with at the same time: PostgreSQL writes for one while events of another are folded."""

log = structlog.get_logger()


class Replayer:
    """Compares stored offset and log end, at the start and then every second, and fills what is missing."""

    def __init__(self, projection: Projection, reader: LogReader, sharing: Sharing | None = None) -> None:
        self._projection = projection
        self._reader = reader
        self._sharing = sharing
        self._stuck: dict[int, tuple[int, int]] = {}

    async def catch_up(self) -> None:
        """Apply everything that is on the log now; called before the live projection starts.

        With a `sharing`, other processes do most of it where it is long. Raises LogForkedError and TransientErrors.
        """
        await self._projection.retry_parked()
        missing = await self._missing()
        if self._sharing and self._sharing.pays(missing):
            await self._sharing.fill(missing)
            missing = await self._missing()
        await self.fill(missing)

    async def fill(self, missing: Missing, *, at_once: int = AT_ONCE) -> None:
        """Apply what is `missing`, so many partitions at a time. Raises LogForkedError and TransientErrors."""
        turns = asyncio.Semaphore(at_once)
        async with together() as group:
            for partition, (start, end) in missing.items():
                group.create_task(self._fill_in_turn(turns, partition, start, end))

    async def run(self) -> None:
        """Watch until cancelled. Raises LogForkedError."""
        await for_ever("fill the read model", self._look)

    async def behind(self) -> int:
        """How many records are on the log and not in the read model yet."""
        return sum(end - start for start, end in (await self._missing()).values())

    async def _look(self) -> None:
        await asyncio.sleep(LOOK_SECONDS)
        await self._projection.show_waiting()
        missing = await self._missing()
        self._stuck = {partition: self._looks(partition, start) for partition, (start, _) in missing.items()}
        for partition, (_, looks) in self._stuck.items():
            if looks >= PATIENCE_LOOKS:
                start, end = missing[partition]
                log.warning("the live projection left a gap", partition=partition, start=start, end=end)
                await self._fill(partition, start, end)

    def _looks(self, partition: int, start: int) -> tuple[int, int]:
        before, looks = self._stuck.get(partition, (start, 0))
        return (start, looks + 1) if before == start else (start, 1)

    async def _missing(self) -> Missing:
        stored = await self._projection.next_offsets()
        ends = await self._reader.ends(Topic.EVENTS)
        starts = await self._reader.starts(Topic.EVENTS)
        places = {one: (max(stored.get(one, 0), starts[one] if one not in stored else 0), ends[one]) for one in ends}
        return {partition: (start, end) for partition, (start, end) in places.items() if start < end}

    async def _fill_in_turn(self, turns: asyncio.Semaphore, partition: int, start: int, end: int) -> None:
        async with turns:
            await self._fill(partition, start, end)

    async def _fill(self, partition: int, start: int, end: int) -> None:
        async for records in self._reader.read(Topic.EVENTS, partition, start, end):
            await self._projection.apply(records)
