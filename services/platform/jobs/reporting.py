"""Tells watchers how far a job is, with its rate and the time that it still needs."""

import time
from dataclasses import dataclass
from uuid import UUID

from contracts.progress import JobProgressed
from services.platform.jobs.run import JobRun, ProgressNote
from services.platform.messaging.progress import ProgressPublisher


@dataclass(frozen=True)
class _Begun:
    """Which step of which attempt is timed, and since when."""

    epoch: int
    step: int
    at: float


class Reporter:
    """See Report."""

    def __init__(self, publisher: ProgressPublisher) -> None:
        self._publisher = publisher
        self._begun: dict[UUID, _Begun] = {}

    async def __call__(self, run: JobRun, note: ProgressNote) -> None:
        """Publish one note of a run."""
        seconds = time.monotonic() - self._since(run, note)
        if note.step == note.steps:
            self._begun.pop(run.job_id, None)
        if self._publisher.is_due(run.job_id, note.step, note.trouble):
            self._publisher.publish(progressed(run, note, seconds), run.cause, run.key)

    def _since(self, run: JobRun, note: ProgressNote) -> float:
        begun = self._begun.get(run.job_id)
        if begun is None or (begun.epoch, begun.step) != (run.epoch, note.step):
            begun = self._begun[run.job_id] = _Begun(run.epoch, note.step, time.monotonic())
        return begun.at


def progressed(run: JobRun, note: ProgressNote, seconds: float) -> JobProgressed:
    """The note as others see it, `seconds` after its step began."""
    rate = note.bytes_done / seconds if seconds > 0 and note.bytes_done else None
    left = max(note.bytes_total - note.bytes_done, 0) / rate if rate and note.bytes_total else None
    return JobProgressed(
        entity=run.kind,
        entity_id=run.job_id,
        environment_id=run.environment_id,
        **vars(note),
        bytes_per_second=rate,
        seconds_left=left,
    )
