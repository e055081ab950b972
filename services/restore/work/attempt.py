"""One attempt at a restore or an upload: what its steps share, how they are timed, what is skipped after the switch."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.envelope import Event
from contracts.values import Warning  # noqa: A004 -- the product's word
from services.platform.connectors.database.loading.archive import Archive
from services.platform.connectors.database.target import RestoreTarget
from services.platform.jobs import JobRun, Step
from services.restore.domain.memo import Memo
from services.restore.work.destination import Destination, Stored
from services.restore.workplace import Workplace

Work = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Named:
    """A part of the work with its sentence; `once_switched`: whether it is still done after the switch.

    `timed` is not set where its own parts say how long each took.
    """

    sentence: str
    work: Work
    once_switched: bool = False
    timed: bool = True


@dataclass(frozen=True)
class Wish:
    """What is wanted of whom: a restore's or an upload's, whose id is `work_id`.

    The repository that it comes from is `source_environment_id`'s. `stream` is where the work tells of itself,
    `started` what it says first.
    """

    work_id: UUID
    environment_id: UUID
    source_environment_id: UUID
    database_only: bool
    stream: str
    started: Callable[[datetime], Event]
    warnings: tuple[Warning, ...] = ()


class Attempt:
    """What the first step finds, the others use: where to, from what, and whether the switch happened already."""

    destination: Destination
    stored: Stored
    archive: Archive

    def __init__(self, workplace: Workplace, run: JobRun, wish: Wish) -> None:
        self.workplace = workplace
        self.run = run
        self.wish = wish
        self.memo = Memo.of(run.memo)

    @property
    def target(self) -> RestoreTarget:
        """The destination's database."""
        return self.destination.target

    @property
    def has_switched(self) -> bool:
        """Whether the switch was seen to have happened."""
        return self.memo.switched_at is not None

    def see_switched(self) -> None:
        """The switch has happened, now or in an earlier attempt."""
        self.memo.switched_at = self.memo.switched_at or self.workplace.clock.now()

    def steps(self, parts: Sequence[Named]) -> list[Step]:
        """The parts as steps of the job, each timed and remembered at its end."""
        return [Step(part.sentence, self._remembered(part)) for part in parts]

    def _remembered(self, part: Named) -> Work:
        work = self._unless_switched(part)
        return remembered(self.memo, self.run, part.sentence if part.timed else None, work)

    def _unless_switched(self, part: Named) -> Work:
        async def run() -> None:
            if part.once_switched or not self.has_switched:
                await part.work()

        return run


def remembered(memo: Memo, run: JobRun, sentence: str | None, work: Work) -> Work:
    """The work, timed if there is a sentence for that, and its memo kept in the job at its end."""

    async def timed() -> None:
        began = time.monotonic()
        await work()
        if sentence is not None:
            memo.took(sentence, time.monotonic() - began)
        memo.keep_in(run.memo)

    return timed
