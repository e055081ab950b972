"""Workers that stop in the middle of a job, and may come back when another one has taken over."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from services.platform.database import Connection
from services.platform.jobs import JobKind, JobRun, Step
from services.platform.jobs.attempt import PutsBack
from services.platform.process.errors import PermanentError
from services.platform.process.settings import WorkerSettings
from tests.support.eventually import eventually
from tests.support.restore_stage import RestoreStage

SILENT = WorkerSettings(capacity=1, lease_seconds=600, heartbeat_seconds=300)
"""A worker that is not heard of for the length of a test; it has no room to take over what it holds itself."""


@dataclass
class Dying:
    """A kind whose first attempt stops behind the step `after`, before anybody hears that it was done."""

    kind: JobKind
    after: str
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    wakes_up: asyncio.Event = field(default_factory=asyncio.Event)

    def steps(self, run: JobRun) -> Sequence[Step]:
        """The kind's own, the first time with a stop in them."""
        steps = self.kind.steps(run)
        if run.epoch > 1:
            return steps
        assert self.after in [step.sentence for step in steps]
        return [Step(step.sentence, self._stopping(step)) for step in steps]

    def _stopping(self, step: Step) -> Callable[[], Awaitable[None]]:
        async def work() -> None:
            await step.run()
            if step.sentence == self.after:
                self.stopped.set()
                await self.wakes_up.wait()

        return work

    async def failed(self, c: Connection, run: JobRun, error: PermanentError) -> None:
        """As the kind does."""
        await self.kind.failed(c, run, error)

    async def put_back(self, run: JobRun, error: PermanentError) -> None:
        """As the kind does."""
        if isinstance(self.kind, PutsBack):
            await self.kind.put_back(run, error)


@dataclass
class Failing:
    """A kind with a step that ends in an error, as often as `times` says."""

    kind: JobKind
    at: str
    error: Exception
    times: int = 1000

    def steps(self, run: JobRun) -> Sequence[Step]:
        """The kind's own, one of them with the error."""
        steps = self.kind.steps(run)
        assert self.at in [step.sentence for step in steps]
        return [Step(step.sentence, self._failing if step.sentence == self.at else step.run) for step in steps]

    async def _failing(self) -> None:
        self.times -= 1
        if self.times >= 0:
            raise self.error

    async def failed(self, c: Connection, run: JobRun, error: PermanentError) -> None:
        """As the kind does."""
        await self.kind.failed(c, run, error)

    async def put_back(self, run: JobRun, error: PermanentError) -> None:
        """As the kind does."""
        if isinstance(self.kind, PutsBack):
            await self.kind.put_back(run, error)


async def die_and_be_taken_over(
    stage: RestoreStage, job_id: UUID, kind: str, after: str, check: Callable[[], None]
) -> None:
    """Stop behind a step; let another worker finish, and `check`; then wake up."""
    dying = Dying(stage.kinds()[kind], after)
    async with stage.working({kind: dying}, SILENT):
        async with asyncio.timeout(120):
            await dying.stopped.wait()
        async with stage.working():
            await changed_hands(stage, job_id)
            await stage.ended(job_id)
        check()
        dying.wakes_up.set()
        await attempts_over()


async def attempts_over() -> None:
    """Return when no worker of this process carries out an attempt any more."""

    async def none_under_way() -> bool:
        names = [getattr(task.get_coro(), "__name__", "") for task in asyncio.all_tasks()]
        return "_carry_out" not in names

    await eventually(none_under_way)


async def changed_hands(stage: RestoreStage, job_id: UUID) -> None:
    """The job's first worker is not heard of any more: return when another one has it.

    The lease is ended again until then: a beat of the first worker that was under way would have renewed it.
    """

    async def haschanged_hands() -> bool:
        async with stage.database.transaction() as c:
            await c.execute(
                "UPDATE job SET lease_until = clock_timestamp() - interval '1s' WHERE job_id = $1 AND epoch = 1", job_id
            )
            return bool(await c.fetchval("SELECT epoch > 1 FROM job WHERE job_id = $1", job_id))

    await eventually(haschanged_hands)
