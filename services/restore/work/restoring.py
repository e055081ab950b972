"""The job that restores a backup into an environment (spec: environments, "The restore")."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import structlog

from contracts.events.restores import DatabaseRestored, RestoreCompleted, RestoreFailed
from services.platform.connectors.database.switching.names import previous
from services.platform.database import Connection
from services.platform.jobs import JobRun, Step
from services.platform.process.errors import NightkeepError, PermanentError
from services.platform.process.retry import until_done
from services.restore.journal import restore_stream, tell
from services.restore.work.attempt import Attempt, Named
from services.restore.work.destination import Destination
from services.restore.work.document_steps import exchanging, listing, put_documents_back, writing
from services.restore.work.loading import LOAD, completing, loading, preparing
from services.restore.work.looking import begun_at, look_around, see_what_was_left
from services.restore.work.side_by_side import Shared, side_by_side
from services.restore.work.switching import switching
from services.restore.workplace import Workplace, queries

BRING: Final = "load the dump and add the documents"
PUT_BACK_SECONDS: Final = 120.0
"""How long the leftovers of a restore that never closed anything are cleared away: then the failure is told anyway."""

log = structlog.get_logger()


class RestoreJob:
    """The kind `restore`."""

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace

    def steps(self, run: JobRun) -> Sequence[Step]:
        """The seven steps of the specification, the undo apart, as parts that may each run again."""
        attempt = Attempt(self._workplace, run)
        shared = Shared(run.progress)

        async def look() -> None:
            await look_around(attempt)

        async def say_so() -> None:
            async with run.finish() as c:
                await tell_completed(attempt, c)

        parts = (
            Named("look at the destination and at the backup", look, once_switched=True),
            *preparing(attempt),
            *listing(attempt),
            Named(
                BRING,
                side_by_side(attempt, (loading(attempt, shared.of(LOAD)),), writing(attempt, shared)),
                timed=False,
            ),
            *completing(attempt),
            *switching(attempt),
            *exchanging(attempt),
            Named("say that it is done", say_so, once_switched=True),
        )
        return attempt.steps(parts)

    async def put_back(self, run: JobRun, _error: PermanentError) -> None:
        """Leave the destination as it was; a restore that has switched is completed instead.

        Before anything was closed, what cannot be cleared away is only left over, and is told to the log.
        """
        attempt = Attempt(self._workplace, run)
        if attempt.memo.closing:
            await _put_back(attempt)
        elif attempt.memo.begun:
            with suppress(TimeoutError):
                async with asyncio.timeout(PUT_BACK_SECONDS):
                    await _try_to_clear_away(attempt)
        attempt.memo.keep_in(run.memo)

    async def failed(self, c: Connection, run: JobRun, error: PermanentError) -> None:
        """Say that it failed with nothing changed, or that it is done after all."""
        attempt = Attempt(self._workplace, run)
        if attempt.memo.completed:
            await tell_completed(attempt, c)
            return
        requested = attempt.requested
        failed = RestoreFailed(
            restore_id=requested.restore_id,
            environment_id=requested.environment_id,
            finished_at=self._workplace.clock.now(),
            code=error.code,
            reason=error.reason,
            retryable=error.retryable,
        )
        await queries.forget_restore(c, restore_id=requested.restore_id)
        await tell(self._workplace, c, run, restore_stream(requested.restore_id), failed)


async def tell_completed(attempt: Attempt, c: Connection) -> None:
    """Say that the destination holds exactly the backup."""
    requested, memo, now = attempt.requested, attempt.memo, attempt.workplace.clock.now()
    completed = RestoreCompleted(
        restore_id=requested.restore_id,
        environment_id=requested.environment_id,
        finished_at=now,
        switched_at=memo.switched_at or now,
        database=DatabaseRestored(
            bytes=memo.database_bytes, tables=memo.tables, previous_database=previous(requested.restore_id)
        ),
        files=memo.files,
        sessions_ended=memo.sessions_ended,
        warnings=memo.warnings,
        steps=memo.steps,
    )
    await tell(attempt.workplace, c, attempt.run, restore_stream(requested.restore_id), completed)


async def _try_to_clear_away(attempt: Attempt) -> None:
    try:
        await until_done("clear away a failed restore", lambda: _put_back(attempt))
    except NightkeepError as error:
        log.warning(
            "a failed restore left something beside the live data", reason=error.reason, restore=str(attempt.run.job_id)
        )


async def _put_back(attempt: Attempt) -> None:
    places = await begun_at(attempt)
    attempt.destination = Destination.at(attempt.workplace, places, attempt.requested.restore_id, attempt.run)
    await see_what_was_left(attempt)
    if attempt.has_switched:
        await _complete(attempt)
    else:
        await put_documents_back(attempt)


async def _complete(attempt: Attempt) -> None:
    """What comes after the switch, all of which may run again."""
    for part in (*switching(attempt), *exchanging(attempt)):
        if part.once_switched:
            await part.work()
    attempt.memo.completed = True
