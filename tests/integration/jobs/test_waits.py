"""A job that waits instead of going on says why, to whoever watches it."""

from dataclasses import dataclass, field

from services.platform.jobs import JobRun
from services.platform.jobs.run import ProgressNote
from services.platform.process.errors import PermanentError, TransientError
from tests.support.jobs import Jobs, Kind


@dataclass
class Watched:
    """Every trouble that watchers were told, once; None where the job went on."""

    troubles: list[str | None] = field(default_factory=list)

    async def __call__(self, _run: JobRun, note: ProgressNote) -> None:
        """See Report."""
        if self.troubles[-1:] != [note.trouble]:
            self.troubles.append(note.trouble)


@dataclass
class Hindered(Kind):
    """A kind that puts its half-done work back when the store is there again."""

    tries: int = 0

    async def put_back(self, _run: JobRun, _error: PermanentError) -> None:
        """See PutsBack."""
        self.tries += 1
        if self.tries == 1:
            raise TransientError("the store is away")


async def find_no_room_twice(run: JobRun) -> None:
    if run.attempt <= 2:
        raise TransientError("the store is full")


async def fail(_run: JobRun) -> None:
    raise PermanentError("no")


async def test_a_job_that_is_tried_again_says_why_it_waits_until_it_goes_on(jobs: Jobs) -> None:
    watched = Watched()
    job_id = await jobs.put()
    async with jobs.working(Kind([find_no_room_twice]), report=watched):
        await jobs.ended(job_id)
    waits = [f"the store is full (try {number} of 5 in 0 s)" for number in (2, 3)]
    assert watched.troubles == [None, waits[0], None, waits[1], None]


async def test_a_job_that_failed_says_what_keeps_that_from_being_recorded(jobs: Jobs) -> None:
    watched = Watched()
    job_id = await jobs.put()
    async with jobs.working(Hindered([fail]), report=watched):
        await jobs.ended(job_id)
    hindered = "no; that it failed can be recorded later only: a part of the platform is away"
    assert [trouble for trouble in watched.troubles if trouble] == [hindered]
