"""Leases jobs and runs their steps: heartbeats beside them, retries by error kind, hand-back at shutdown."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from services.platform.database import Connection
from services.platform.jobs.queue import JobQueue
from services.platform.jobs.run import JobRun, ProgressNote, Step
from services.platform.process.errors import PermanentError
from services.platform.process.settings import WorkerSettings


class JobKind(Protocol):
    """What is done for one kind of job."""

    def steps(self, run: JobRun) -> Sequence[Step]:
        """The steps of one attempt, all of them; a step skips what `run.memo` says is done."""
        ...

    async def failed(self, c: Connection, run: JobRun, error: PermanentError) -> None:
        """The job ends in this transaction: append what says so. `error.code`, `.reason`, `.retryable`.

        A TransientError raised here is tried again as long as the lease holds.
        """
        ...


Report = Callable[[JobRun, ProgressNote], Awaitable[None]]
"""Told about progress, often; throttling is its business, and it does not raise."""


async def report_nothing(_run: JobRun, _note: ProgressNote) -> None:
    """Nobody watches."""


class Worker:
    """Runs jobs of the given kinds, at most `settings.capacity` at once."""

    def __init__(
        self,
        queue: JobQueue,
        kinds: Mapping[str, JobKind],
        settings: WorkerSettings,
        report: Report = report_nothing,
    ) -> None:
        self._queue = queue
        self._kinds = kinds
        self._settings = settings
        self._report = report

    async def run(self) -> None:
        """Work for ever; cancelled, hand every job back at once without counting an attempt."""
        raise NotImplementedError
