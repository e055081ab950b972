"""Tells watchers how far a job of the restore service has come."""

import time
from collections.abc import Callable
from uuid import UUID

from contracts.progress import JobProgressed
from services.platform.jobs import JobRun, ProgressNote
from services.platform.messaging.progress import ProgressPublisher
from services.restore.domain.remaining import Estimate

REMEMBERED = 100
"""Jobs whose speed is remembered; a worker runs far fewer at once."""


class RestoreProgress:
    """The worker's report: a note becomes a message, with the time that is left."""

    def __init__(self, publisher: ProgressPublisher, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._publisher = publisher
        self._monotonic = monotonic
        self._estimates: dict[tuple[UUID, int], Estimate] = {}

    async def __call__(self, run: JobRun, note: ProgressNote) -> None:
        """Publish one look at a running job."""
        now = self._monotonic()
        estimate = self._estimate(run)
        estimate.note(note.step, note.bytes_done, now)
        if note.bytes_total:
            estimate.total_bytes = max(note.bytes_total, estimate.total_bytes or 0)
        self._publisher.publish(_progressed(run, note, estimate, now), run.cause, run.key)

    def _estimate(self, run: JobRun) -> Estimate:
        while len(self._estimates) > REMEMBERED:
            self._estimates.pop(next(iter(self._estimates)))
        return self._estimates.setdefault((run.job_id, run.epoch), Estimate())


def _progressed(run: JobRun, note: ProgressNote, estimate: Estimate, now: float) -> JobProgressed:
    return JobProgressed(
        entity="restore" if run.kind == "undo" else run.kind,
        entity_id=UUID(run.payload["restore_id"]) if "restore_id" in run.payload else run.job_id,
        environment_id=run.environment_id,
        step=note.step,
        steps=note.steps,
        sentence=note.sentence,
        bytes_done=note.bytes_done,
        bytes_total=note.bytes_total,
        documents_done=note.documents_done,
        documents_total=note.documents_total,
        bytes_per_second=estimate.bytes_per_second(now),
        seconds_left=estimate.seconds_left(now),
    )
