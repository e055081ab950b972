"""The job that restores a backup into an environment (spec: environments, "The restore")."""

from collections.abc import Sequence
from typing import Final

from contracts.events.restores import (
    DatabaseRestored,
    RestoreCompleted,
    RestoreFailed,
    RestoreRequested,
    RestoreStarted,
)
from services.platform.connectors.database.switching.names import previous
from services.platform.database import Connection
from services.platform.jobs import JobRun, Step
from services.platform.process.errors import PermanentError
from services.restore.journal import restore_stream, tell
from services.restore.work.attempt import Attempt, Named, Wish
from services.restore.work.destination import Stored
from services.restore.work.document_steps import exchanging, listing, writing
from services.restore.work.loading import LOAD, completing, loading, preparing
from services.restore.work.looking import find_destination, look_around
from services.restore.work.putting_back import put_back
from services.restore.work.side_by_side import Shared, side_by_side
from services.restore.work.switching import switching
from services.restore.workplace import Workplace, queries

BRING: Final = "load the dump and add the documents"


class RestoreJob:
    """The kind `restore`."""

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace

    def steps(self, run: JobRun) -> Sequence[Step]:
        """The seven steps of the specification, the undo apart, as parts that may each run again."""
        attempt = _attempt(self._workplace, run)
        shared = Shared(run.progress)

        async def look() -> None:
            await find_destination(attempt)
            attempt.stored = await Stored.backup(self._workplace, RestoreRequested.model_validate(run.payload))
            if not attempt.has_switched:
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
        """Leave the destination as it was; a restore that has switched is completed instead."""
        attempt = _attempt(self._workplace, run)
        await put_back(attempt, (*switching(attempt), *exchanging(attempt)))

    async def failed(self, c: Connection, run: JobRun, error: PermanentError) -> None:
        """Say that it failed with nothing changed, or that it is done after all."""
        attempt = _attempt(self._workplace, run)
        if attempt.memo.completed:
            await tell_completed(attempt, c)
            return
        wish = attempt.wish
        failed = RestoreFailed(
            restore_id=wish.work_id,
            environment_id=wish.environment_id,
            finished_at=self._workplace.clock.now(),
            code=error.code,
            reason=error.reason,
            retryable=error.retryable,
        )
        await queries.forget_restore(c, restore_id=wish.work_id)
        await tell(self._workplace, c, run, wish.stream, failed)


async def tell_completed(attempt: Attempt, c: Connection) -> None:
    """Say that the destination holds exactly the backup."""
    wish, memo, now = attempt.wish, attempt.memo, attempt.workplace.clock.now()
    completed = RestoreCompleted(
        restore_id=wish.work_id,
        environment_id=wish.environment_id,
        finished_at=now,
        switched_at=memo.switched_at or now,
        database=DatabaseRestored(
            bytes=memo.database_bytes, tables=memo.tables, previous_database=previous(wish.work_id)
        ),
        files=memo.files,
        sessions_ended=memo.sessions_ended,
        warnings=memo.warnings,
        steps=memo.steps,
    )
    await tell(attempt.workplace, c, attempt.run, wish.stream, completed)


def _attempt(workplace: Workplace, run: JobRun) -> Attempt:
    requested = RestoreRequested.model_validate(run.payload)
    ids = {"restore_id": requested.restore_id, "environment_id": requested.environment_id}
    wish = Wish(
        work_id=requested.restore_id,
        environment_id=requested.environment_id,
        source_environment_id=requested.source_environment_id,
        database_only=requested.database_only,
        stream=restore_stream(requested.restore_id),
        started=lambda now: RestoreStarted(**ids, started_at=now),
        warnings=requested.warnings,
    )
    return Attempt(workplace, run, wish)
