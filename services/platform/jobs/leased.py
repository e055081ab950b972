"""The JobRun of a real lease: what steps say goes to PostgreSQL under the lease's epoch."""

import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from services.platform.database import Connection
from services.platform.jobs.children import ChildGroups
from services.platform.jobs.errors import LeaseLostError
from services.platform.jobs.leases import Lease, Leases, lost
from services.platform.jobs.run import JobRun, ProgressNote, Step
from services.platform.process.errors import NightkeepError

Report = Callable[[JobRun, ProgressNote], Awaitable[None]]
"""Told about progress, often; throttling is its business, and it does not raise."""


class LeasedRun:
    """One attempt, from its lease on."""

    def __init__(self, lease: Lease, leases: Leases, report: Report) -> None:
        self.lease = lease
        self.job_id, self.kind, self.environment_id = lease.job_id, lease.kind, lease.environment_id
        self.payload, self.cause, self.key = lease.payload, lease.cause, lease.key
        self.epoch, self.attempt, self.memo = lease.epoch, lease.attempt, lease.memo
        self.cancelled_by = lease.cancelled_by
        self.children = ChildGroups()
        self.finishing = False
        """Only the commit is left: what the heartbeats hear of this lease from here on is this very end."""
        self.finished = False
        self.trouble: NightkeepError | None = None
        self.held_until = math.inf
        """On this process's own monotonic clock: until then nobody else can have the job."""
        self._leases = leases
        self._report = report
        self._note = ProgressNote(0, 0, "")
        self._moved = False

    def lost(self) -> LeaseLostError:
        """See Holder."""
        return lost(self.lease)

    async def begin(self, step: Step, number: int, steps: int) -> None:
        """The step `number` begins. Raises as `progress`."""
        await self._must_go_on()
        await self._tell(ProgressNote(number, steps, step.sentence))

    async def progress(
        self,
        *,
        bytes_done: int = 0,
        bytes_total: int | None = None,
        documents_done: int = 0,
        documents_total: int | None = None,
    ) -> None:
        """See JobRun."""
        await self._must_go_on()
        now = self._note
        await self._tell(
            ProgressNote(now.step, now.steps, now.sentence, bytes_done, bytes_total, documents_done, documents_total)
        )

    async def _must_go_on(self) -> None:
        """Who has slept for too long, and is awake before its heartbeat is, asks whether the job is its own still."""
        if self.trouble is not None:
            raise self.trouble
        if time.monotonic() >= self.held_until:
            await self._leases.keep(self.lease, moved=False)

    async def waits(self, trouble: str) -> None:
        """Tell watchers why the job does not go on; what is told next takes it back."""
        if self._note.step:  # there is nobody to tell of an end that was known before the first step
            await self._tell(replace(self._note, trouble=trouble))

    async def _tell(self, note: ProgressNote) -> None:
        if note != self._note:
            self._moved = True
            self._note = note
            await self._report(self, note)

    def moved(self) -> None:
        """See JobRun."""
        self._moved = True

    def take_moved(self) -> bool:
        """Whether anything moved since the last call."""
        moved, self._moved = self._moved, False
        return moved

    async def remember(self) -> None:
        """Keep the memo at the end of a step."""
        if not self.finished:
            await self._leases.remember(self.lease, self.memo)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """See JobRun."""
        async with self._leases.transaction(self.lease) as c:
            yield c

    @asynccontextmanager
    async def finish(self) -> AsyncIterator[Connection]:
        """See JobRun."""
        async with self._leases.ending(self.lease) as c:
            yield c
            self.finishing = True
        self.finished = True

    async def refuse_cancel(self) -> None:
        """See JobRun."""
        await self._leases.refuse_cancel(self.lease)
