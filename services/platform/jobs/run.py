"""One attempt at a job, as its steps see it."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from contracts.envelope import Cause
from services.platform.database import Connection
from services.platform.jobs.children import ChildGroups


@dataclass(frozen=True)
class Step:
    """A part of a job that may be run again. `sentence` as a log reads it: "upload the documents"."""

    sentence: str
    run: Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class ProgressNote:
    """How far an attempt is: `step` of `steps`, from 1; totals are None where they are not known.

    `trouble` is why the job waits instead of going on.
    """

    step: int
    steps: int
    sentence: str
    bytes_done: int = 0
    bytes_total: int | None = None
    documents_done: int = 0
    documents_total: int | None = None
    trouble: str | None = None


class JobRun(Protocol):
    """What a job's steps may ask and tell.

    `attempt` counts from 1; a hand-back at shutdown does not count. `memo` is kept at the end of every step and is
    there again in the next attempt: JSON values, changed in place. `children` is where child processes are registered
    that must not outlive this attempt.
    """

    job_id: UUID
    kind: str
    environment_id: UUID
    payload: dict[str, Any]
    cause: Cause
    key: str
    epoch: int
    attempt: int
    memo: dict[str, Any]
    cancelled_by: str | None
    children: ChildGroups

    async def progress(
        self,
        *,
        bytes_done: int = 0,
        bytes_total: int | None = None,
        documents_done: int = 0,
        documents_total: int | None = None,
    ) -> None:
        """Tell how far the present step is; only what moves keeps the job alive. Cheap: call it often.

        Raises LeaseLostError, NoProgressError or JobCancelledError when the work must stop.
        """
        ...

    def moved(self) -> None:
        """Say that the work moves where it has no number to tell: an index is being built, a query yields rows."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[Connection]:
        """A transaction that locks the job's row and refuses an old epoch (LeaseLostError): for events on the way."""
        ...

    def finish(self) -> AbstractAsyncContextManager[Connection]:
        """The same, and the job is completed when it commits: append the completing event in it."""
        ...

    async def refuse_cancel(self) -> None:
        """From now on the job goes to its end. Raises JobCancelledError when a cancellation was there first."""
        ...
