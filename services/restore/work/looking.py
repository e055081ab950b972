"""The first step of a restore: what an earlier attempt left, what the destination says, what the dump holds."""

from contracts.errors import FailureCode
from contracts.events.restores import RestoreStarted
from contracts.values import EnvironmentPlaces
from services.platform.process.errors import PermanentError
from services.restore.domain import findings
from services.restore.journal import restore_stream, tell
from services.restore.work.attempt import Attempt
from services.restore.work.destination import Destination, StoredBackup, look, places_of
from services.restore.workplace import queries


class PreflightFailedError(PermanentError):
    """The look found something that stands in the way; nothing was changed."""

    def __init__(self, code: FailureCode, reason: str) -> None:
        super().__init__(reason, code=code)


async def look_around(attempt: Attempt) -> None:
    """Find where to, from what, and whether it was done before; tell that work has begun.

    Raises PreflightFailedError, and what keeps destination or backup from being looked at.
    """
    places = await begun_at(attempt)
    attempt.destination = Destination.at(attempt.workplace, places, attempt.requested.restore_id, attempt.run)
    attempt.backup = await StoredBackup.of(attempt.workplace, attempt.requested)
    if attempt.memo.begun:
        await see_what_was_left(attempt)
    if not attempt.has_switched:
        await _look(attempt)


async def begun_at(attempt: Attempt) -> EnvironmentPlaces:
    """Where the restore goes, the same for all its attempts; the first says that it has started.

    Raises EnvironmentGoneError.
    """
    requested = attempt.requested
    async with attempt.run.transaction() as c:
        known = await queries.find_restore(c, restore_id=requested.restore_id)
        if known is not None:
            return EnvironmentPlaces.model_validate(known["places"])
        places = await places_of(c, requested.environment_id)
        await queries.begin_restore(
            c,
            restore_id=requested.restore_id,
            environment_id=requested.environment_id,
            database_only=requested.database_only,
            places=places.model_dump(mode="json"),
        )
        await tell(attempt.workplace, c, attempt.run, restore_stream(requested.restore_id), _started(attempt))
        return places


def _started(attempt: Attempt) -> RestoreStarted:
    return RestoreStarted(
        restore_id=attempt.requested.restore_id,
        environment_id=attempt.requested.environment_id,
        started_at=attempt.workplace.clock.now(),
    )


async def see_what_was_left(attempt: Attempt) -> None:
    """Make every earlier attempt fail whole, then see whether one of them had switched before.

    In this order: a switch that was under way has either happened by then, or cannot happen any more. A database that
    was closed for a switch that did not happen is opened again: whatever comes next begins with a look at it.
    """
    await attempt.target.drop_attempts()
    if await attempt.target.has_switched():
        attempt.see_switched()
    elif attempt.memo.closing:
        await attempt.target.allow_connections()


async def _look(attempt: Attempt) -> None:
    attempt.memo.again()
    attempt.archive, found = await look(
        attempt.destination, attempt.backup, database_only=attempt.requested.database_only
    )
    failure = findings.failure(found)
    if failure:
        raise PreflightFailedError(*failure)
    attempt.memo.warn((*attempt.requested.warnings, *findings.warnings(found)))
    attempt.memo.tables = attempt.archive.contents.table_count
    attempt.memo.bytes_to_move = attempt.backup.manifest.database.bytes
    attempt.memo.begun = True
