"""Tells watchers how far a restore or an upload has come."""

import time
from collections.abc import Callable
from typing import Final
from uuid import UUID

from contracts.progress import JobProgressed
from services.platform.jobs import JobRun, ProgressNote
from services.platform.messaging.progress import ProgressPublisher
from services.restore.domain.memo import Memo
from services.restore.domain.remaining import Estimate
from services.restore.handlers import RESTORE, UNDO, UPLOAD
from services.restore.work.restoring import BRING

WATCHED: Final = {RESTORE: "restore", UNDO: "restore", UPLOAD: "upload"}
"""The kinds that somebody watches, by what they are told as."""
REMEMBERED: Final = 100
"""Attempts whose speed is remembered; a worker runs far fewer at once."""


class RestoreProgress:
    """The worker's report: a note becomes a message, with the time that is left. Nobody watches the other kinds."""

    def __init__(self, publisher: ProgressPublisher, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._publisher = publisher
        self._monotonic = monotonic
        self._estimates: dict[tuple[UUID, int], Estimate] = {}

    async def __call__(self, run: JobRun, note: ProgressNote) -> None:
        """Publish one look at a running job."""
        if run.kind not in WATCHED:
            return
        now = self._monotonic()
        estimate = self._estimate(run)
        if note.sentence == BRING:  # other steps tell bytes that they only look at
            estimate.note(note.step, note.bytes_done, now)
        if self._publisher.is_due(_entity_id(run), note.step, note.trouble):
            self._publisher.publish(progressed(run, note, estimate, now), run.cause, run.key)

    def _estimate(self, run: JobRun) -> Estimate:
        while len(self._estimates) > REMEMBERED:
            self._estimates.pop(next(iter(self._estimates)))
        return self._estimates.setdefault((run.job_id, run.epoch), Estimate())


def progressed(run: JobRun, note: ProgressNote, estimate: Estimate, now: float) -> JobProgressed:
    """The note as others see it; the time left is that of the whole restore."""
    return JobProgressed(
        entity=WATCHED[run.kind],
        entity_id=_entity_id(run),
        environment_id=run.environment_id,
        **vars(note),
        bytes_per_second=estimate.bytes_per_second(now),
        seconds_left=estimate.seconds_left(Memo.of(run.memo).bytes_to_move, now),
    )


def _entity_id(run: JobRun) -> UUID:
    return UUID(run.payload[f"{WATCHED[run.kind]}_id"])
