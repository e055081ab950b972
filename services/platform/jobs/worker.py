"""Leases jobs as places are free and lets attempts carry them out; hands everything back at shutdown."""

import asyncio
import os
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from uuid import uuid4

import structlog
from prometheus_client import Counter, Gauge

from services.platform.jobs.attempt import Attempt, JobKind
from services.platform.jobs.heartbeats import Heartbeats
from services.platform.jobs.leased import LeasedRun, Report
from services.platform.jobs.leases import Lease, Leases
from services.platform.jobs.queue import JobQueue
from services.platform.jobs.run import JobRun, ProgressNote
from services.platform.process.logging import unit_of_work
from services.platform.process.retry import for_ever
from services.platform.process.settings import WorkerSettings

POLL_SECONDS: Final = 1.0
"""Pauses and leases end by PostgreSQL's clock without anybody saying so: look this often."""
HEARD_SECONDS: Final = 0.1
"""How often a worker that may not begin yet asks again."""

RUNNING = Gauge("nightkeep_jobs_running", "Jobs under way in this process", ["kind"])
ENDED = Counter("nightkeep_job_attempts", "Attempts at jobs that ended, by how", ["kind", "result"])
log = structlog.get_logger()


async def report_nothing(_run: JobRun, _note: ProgressNote) -> None:
    """Nobody watches."""


async def at_once() -> bool:
    """Nothing has to be heard first."""
    return True


class Worker:
    """Runs jobs of the given kinds, at most `settings.capacity` at once.

    None is begun before `may_begin` says so: whoever was down must hear first what was cancelled meanwhile.
    """

    def __init__(
        self,
        queue: JobQueue,
        kinds: Mapping[str, JobKind],
        settings: WorkerSettings,
        report: Report = report_nothing,
        *,
        may_begin: Callable[[], Awaitable[bool]] = at_once,
    ) -> None:
        self._queue = queue
        self._kinds = kinds
        self._settings = settings
        self._report = report
        self._may_begin = may_begin
        self._leases = Leases(queue, settings)
        self._name = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
        self._under_way: dict[asyncio.Task[None], Attempt] = {}
        self._place_is_free: Callable[[], None] = lambda: None

    async def run(self) -> None:
        """Work for ever; cancelled, hand every job back at once without counting an attempt."""
        try:
            await for_ever("lease jobs", self._lease_when_told)
        finally:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _lease_when_told(self) -> None:
        async with self._queue.database.listen(self._queue.channel) as notifications:
            self._place_is_free = notifications.wake
            while not await self._may_begin():
                await notifications.wait(HEARD_SECONDS)
            while True:
                await self._lease_what_may_run()
                if await notifications.wait(POLL_SECONDS):
                    self._look_now()

    def _look_now(self) -> None:
        for attempt in self._under_way.values():
            attempt.look_now()

    async def _lease_what_may_run(self) -> None:
        while True:
            began = time.monotonic()
            full = len(self._under_way) >= self._settings.capacity
            lease = await self._leases.take(list(self._kinds), self._name, only_cancelled=full)
            if lease is None:
                return
            self._start(lease, began)

    def _start(self, lease: Lease, began: float) -> None:
        run = LeasedRun(lease, self._leases, self._report)
        heartbeats = Heartbeats(run, self._leases, self._settings, began)
        attempt = Attempt(run, self._kinds[lease.kind], self._leases, heartbeats, self._settings)
        task = asyncio.create_task(_carry_out(attempt, lease))
        self._under_way[task] = attempt
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        self._place_is_free()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("an attempt broke off; its lease ends by itself", exc_info=error)


async def _carry_out(attempt: Attempt, lease: Lease) -> None:
    fields = {
        "kind": lease.kind,
        "job_id": str(lease.job_id),
        "environment_id": str(lease.environment_id),
        "attempt": lease.attempt,
        "epoch": lease.epoch,
    }
    with unit_of_work("job", **fields) as line, RUNNING.labels(lease.kind).track_inprogress():
        try:
            await attempt.carry_out(line)
        finally:
            ENDED.labels(lease.kind, line.get("outcome", "broke off")).inc()
