"""The projection as a task of the service: first what is on the log already, then live."""

import asyncio
from pathlib import Path

from services.catalog.projection.keeper import Projection
from services.catalog.projection.live import LiveProjection
from services.catalog.projection.replay import Replayer
from services.platform.process.retry import for_ever, until_done
from services.platform.process.settings import KafkaSettings


class RunningProjection:
    """Keeps the read model; `caught_up` is the answer to readiness. What Faust drops goes to `scratch`."""

    def __init__(
        self, settings: KafkaSettings, projection: Projection, replayer: Replayer, *, scratch: Path | None
    ) -> None:
        self._settings = settings
        self._scratch = scratch
        self._projection = projection
        self._replayer = replayer
        self._replayed = False

    async def run(self) -> None:
        """Replay, then follow until cancelled. Raises LogForkedError."""
        await until_done("replay the log into the read model", self._replayer.catch_up)
        self._replayed = True
        async with asyncio.TaskGroup() as group:
            group.create_task(self._replayer.run())
            group.create_task(for_ever("project the log live", self._live))

    async def caught_up(self) -> bool:
        """Whether the read model has what was on the log when this process started."""
        return self._replayed

    async def _live(self) -> None:
        await LiveProjection(self._settings, self._projection, self._scratch).run()
