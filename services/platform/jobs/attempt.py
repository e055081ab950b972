"""Carries out one leased attempt: its steps, its end by error kind, its hand-back."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final, Protocol, runtime_checkable

import structlog

from contracts.errors import FailureCode
from services.platform.database import Connection
from services.platform.jobs.errors import JobCancelledError, LeaseLostError
from services.platform.jobs.heartbeats import Heartbeats
from services.platform.jobs.leased import LeasedRun
from services.platform.jobs.leases import Leases
from services.platform.jobs.rules import pause_seconds, verdict
from services.platform.jobs.run import JobRun, Step
from services.platform.jobs.system import system_error
from services.platform.process.errors import NightkeepError, PermanentError, TransientError
from services.platform.process.holding import work_as
from services.platform.process.retry import until_done
from services.platform.process.seams import passing, step_seam
from services.platform.process.settings import WorkerSettings

DEAF_SECONDS: Final = 30.0
"""What a step gets to clean up when it is told to stop; less than a lease."""

log = structlog.get_logger()


class JobKind(Protocol):
    """What is done for one kind of job."""

    def steps(self, run: JobRun) -> Sequence[Step]:
        """The steps of one attempt, all of them; a step skips what `run.memo` says is done."""
        ...

    async def failed(self, c: Connection, run: JobRun, error: PermanentError) -> None:
        """The job ends in this transaction: append what says so. `error.code`, `.reason`, `.retryable`.

        A TransientError raised here is tried again as long as the lease holds; any other error gives the job back,
        and it comes again.
        """
        ...


@runtime_checkable
class PutsBack(Protocol):
    """A kind whose half-done work must be put back before its job ends as failed."""

    async def put_back(self, run: JobRun, error: PermanentError) -> None:
        """Leave nothing of the job behind; may take long (the lease is kept), and may be called again.

        A TransientError is tried again as long as the lease holds; any other error gives the job back.
        """
        ...


class Attempt:
    """One attempt at one job."""

    def __init__(
        self, run: LeasedRun, kind: JobKind, leases: Leases, heartbeats: Heartbeats, settings: WorkerSettings
    ) -> None:
        self._run = run
        self._kind = kind
        self._leases = leases
        self._heartbeats = heartbeats
        self._settings = settings

    def look_now(self) -> None:
        """Something changed in the queue: perhaps this job was cancelled."""
        self._heartbeats.look_now()

    async def carry_out(self, line: dict[str, Any]) -> None:
        """Work until the job has ended, was given back or is somebody else's; `line` is the canonical log line.

        Cancelled, it hands the job back without counting the attempt.
        """
        work_as(self._run)
        try:
            error = self._known_before() or await self._watched(self._steps, self._heartbeats.watch, line)
            line["outcome"] = await self._settle(error)
        except asyncio.CancelledError:
            line["outcome"] = "handed back"
            with suppress(NightkeepError):  # the lease ends by itself
                await self._leases.hand_back(self._run.lease)
            raise

    def _known_before(self) -> NightkeepError | None:
        lease = self._run.lease
        if lease.cancelled_by is not None:
            return JobCancelledError(lease.cancelled_by)
        return verdict(lease.last, attempt=lease.attempt - 1, tries=self._settings.tries)

    async def _watched(
        self,
        work: Callable[[dict[str, Any]], Awaitable[None]],
        watch: Callable[[], Awaitable[None]],
        line: dict[str, Any],
    ) -> NightkeepError | None:
        """How `work` ended, `watch` beating beside it: None is well. Children do not outlive it."""
        working = asyncio.ensure_future(work(line))
        watching = asyncio.ensure_future(watch())
        try:
            await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
            if self._run.finishing:
                await asyncio.wait({working}, timeout=DEAF_SECONDS)
            if working.done():
                return _named(working, line)
            return _named(watching, line)
        finally:
            watching.cancel()
            working.cancel()
            await self._run.children.end_all()
            await _let_end(working, watching)

    async def _steps(self, line: dict[str, Any]) -> None:
        steps = self._kind.steps(self._run)
        durations: dict[str, float] = line.setdefault("step_seconds", {})
        for number, step in enumerate(steps, 1):
            log.info(f"Step {number}/{len(steps)}: {step.sentence}")  # noqa: G004 -- structlog: the sentence is the event
            began = time.monotonic()
            await self._run.begin(step, number, len(steps))
            with passing(step_seam(step.sentence)):
                await step.run()
            durations[step.sentence] = round(time.monotonic() - began, 3)
            await self._run.remember()
        if not self._run.finished:
            async with self._run.finish():
                pass

    async def _settle(self, error: NightkeepError | None) -> str:
        if error is None or self._run.finished:
            return "completed"
        if isinstance(error, LeaseLostError):
            return "lost"
        final = verdict(error, attempt=self._run.attempt, tries=self._settings.tries)
        if final is not None:
            return await self._fail(final)
        return await self._try_later(error)

    async def _fail(self, error: PermanentError) -> str:
        self._run.trouble = None  # it was heard: putting back is work that is wanted
        ended = await self._watched(
            lambda _: until_done("end a failed job", partial(self._fail_once, error)), self._heartbeats.keep, {}
        )
        if ended is None:
            return "failed"
        if isinstance(ended, LeaseLostError):
            return "lost"
        log.error("a failed job could not be ended: it comes again", reason=ended.reason)
        return await self._try_later(ended)

    async def _fail_once(self, error: PermanentError) -> None:
        try:
            if isinstance(self._kind, PutsBack):
                await self._kind.put_back(self._run, error)
            async with self._leases.ending(self._run.lease, error) as c:
                await self._kind.failed(c, self._run, error)
        except TransientError as hindered:
            await self._run.waits(f"{error.reason}; that it failed can be recorded later only: {_hindrance(hindered)}")
            raise

    async def _try_later(self, error: NightkeepError) -> str:
        settings = self._settings
        pause = pause_seconds(
            self._run.attempt,
            first=settings.backoff_first_seconds,
            last=settings.backoff_last_seconds,
            chance=random.random(),  # noqa: S311 -- jitter, no secret
        )
        more = self._run.attempt < settings.tries
        next_try = f"try {self._run.attempt + 1} of {settings.tries}" if more else "again"
        await self._run.waits(f"{error.reason} ({next_try} in {pause:.0f} s)")
        with suppress(NightkeepError):  # then the lease ends by itself, and the attempt has counted
            await self._leases.try_later(self._run.lease, error, pause)
        return "tried again later"


def _hindrance(error: TransientError) -> str:
    """What the platform lacks, for people: names and addresses of its own engines stay in the log."""
    return "no room is left to store it" if error.code is FailureCode.NO_SPACE else "a part of the platform is away"


async def _let_end(*tasks: asyncio.Future[None]) -> None:
    """Wait for cancelled tasks; one that does not listen is left behind, its epoch lets it change nothing."""
    ended, deaf = await asyncio.wait(tasks, timeout=DEAF_SECONDS)
    for task in ended:
        if not task.cancelled():
            task.exception()  # somebody has looked: it is no surprise
    if deaf:
        log.error("a step does not end when it is told to", seconds=DEAF_SECONDS)


def _named(task: asyncio.Future[None], line: dict[str, Any]) -> NightkeepError | None:
    """The error of a task by a name that answers "retry?"; None when it ended well."""
    if task.cancelled():
        return TransientError("the work was interrupted")
    error = task.exception()
    if error is None:
        return None
    line["error"] = str(error)
    if isinstance(error, NightkeepError):
        return error
    if (refused := system_error(error)) is not None:
        return refused
    log.error("a defect ended a job", exc_info=error)
    return PermanentError(f"a defect of Nightkeep ended the work ({type(error).__name__}): see its log")
