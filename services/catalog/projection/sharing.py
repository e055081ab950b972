"""Shares a long replay among processes: what an event takes is Python, of which a process does one thing at a time."""

import os
import pickle
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import structlog

from services.platform.messaging.errors import LogForkedError
from services.platform.process.errors import TransientError
from services.platform.process.helping import end_helper, start_helper
from services.platform.process.settings import KafkaSettings, LogSettings, PostgresSettings, RehearsalSettings
from services.platform.process.together import together

FILLER: Final = "services.catalog.projection.filler"
FORKED: Final = 3
INTERRUPTED: Final = 4
"""How a filler ends that met a LogForkedError or a TransientError; its reason is on stdout."""
LONG_EVENTS: Final = 50_000
"""One process takes some seconds for so many, and a filler a second to start."""
MOST_FILLERS: Final = 8
"""Each takes 130 MiB and one of PostgreSQL's connections, and asks for half as much work of it as it does itself."""

Missing = Mapping[int, tuple[int, int]]
"""For each partition the first offset that was not applied and the one where the log ends."""

log = structlog.get_logger()


class ReplayInterruptedError(TransientError):
    """A filler met an engine that was away, or somebody faster: replay what is still missing."""


@dataclass(frozen=True)
class Engines:
    """What a filler needs to work as this process would; it goes through a pipe, since there are passwords in it."""

    kafka: KafkaSettings
    postgres: PostgresSettings
    log: LogSettings
    rehearsal: RehearsalSettings


@dataclass(frozen=True)
class Share:
    """What one filler fills."""

    engines: Engines
    missing: Missing


class Sharing:
    """Has fillers fill what is missing, each its own partitions with its own connections.

    They are more projections of the same log, of which there may be any number: wherever one ends, the next to come
    goes on there.
    """

    def __init__(self, engines: Engines, *, fillers: int | None = None, long_events: int = LONG_EVENTS) -> None:
        self._engines = engines
        self._fillers = fillers or min(len(os.sched_getaffinity(0)), MOST_FILLERS)
        self._long_events = long_events

    def pays(self, missing: Missing) -> bool:
        """Whether fillers are done sooner than this process alone."""
        events = sum(end - start for start, end in missing.values())
        return min(self._fillers, len(missing)) > 1 and events >= self._long_events

    async def fill(self, missing: Missing) -> None:
        """Returns when every filler has ended; what one has left that died is still missing.

        Raises LogForkedError, and ReplayInterruptedError for a TransientError. No filler outlives the call.
        """
        async with together() as group:
            for share in shares(missing, self._fillers):
                group.create_task(self._filled(share))

    async def _filled(self, missing: Missing) -> None:
        async with _filler() as process:
            told, _ = await process.communicate(pickle.dumps(Share(self._engines, missing)))
            code = await process.wait()
        if code == FORKED:
            raise LogForkedError(told.decode())
        if code == INTERRUPTED:
            raise ReplayInterruptedError(told.decode())
        if code:
            log.warning("a filler of the replay died: what it has left is done here", exit_code=code)


def shares(missing: Missing, fillers: int) -> list[Missing]:
    """What is `missing` in as many parts, or fewer, with about as many events each; the largest partition first."""
    parts: list[dict[int, tuple[int, int]]] = [{} for _ in range(min(fillers, len(missing)))]
    sizes = [0] * len(parts)
    for partition, (start, end) in sorted(missing.items(), key=lambda one: one[1][0] - one[1][1]):
        least = sizes.index(min(sizes))
        parts[least][partition] = (start, end)
        sizes[least] += end - start
    return list(parts)


@asynccontextmanager
async def _filler() -> AsyncIterator[Process]:
    """A filler that waits for its share. On leaving it is gone."""
    process = await start_helper(FILLER)
    try:
        yield process
    finally:
        await end_helper(process)
