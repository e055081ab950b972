"""The first steps: what an earlier attempt left, what the destination says, what the dump holds."""

from contracts.errors import FailureCode
from contracts.values import EnvironmentPlaces
from services.platform.process.errors import PermanentError
from services.restore.domain import findings
from services.restore.journal import tell
from services.restore.work.attempt import Attempt
from services.restore.work.destination import Destination, look, places_of
from services.restore.work.overreach import put_back_outside
from services.restore.workplace import queries


class PreflightFailedError(PermanentError):
    """The look found something that stands in the way; nothing was changed."""

    def __init__(self, code: FailureCode, reason: str) -> None:
        super().__init__(reason, code=code)


async def find_destination(attempt: Attempt) -> None:
    """Find where to, and whether it was done before; tell that work has begun.

    Raises EnvironmentGoneError, and what keeps the destination from being looked at.
    """
    places = await begun_at(attempt)
    attempt.destination = Destination.at(attempt.workplace, places, attempt.wish.work_id, attempt.run)
    await put_back_outside(attempt)
    if attempt.memo.begun:
        await see_what_was_left(attempt)
    if not attempt.has_switched:
        attempt.memo.again()


async def begun_at(attempt: Attempt) -> EnvironmentPlaces:
    """Where the work goes, the same for all its attempts; the first says that it has started.

    Raises EnvironmentGoneError.
    """
    wish = attempt.wish
    async with attempt.run.transaction() as c:
        known = await queries.find_restore(c, restore_id=wish.work_id)
        if known is not None:
            return EnvironmentPlaces.model_validate(known["places"])
        places = await places_of(c, wish.environment_id)
        await queries.begin_restore(
            c,
            restore_id=wish.work_id,
            environment_id=wish.environment_id,
            database_only=wish.database_only,
            places=places.model_dump(mode="json"),
        )
        await tell(attempt.workplace, c, attempt.run, wish.stream, wish.started(attempt.workplace.clock.now()))
        return places


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


async def look_around(attempt: Attempt) -> None:
    """Look at both sides, change nothing. Raises PreflightFailedError, and what keeps them from being looked at."""
    archive, seen = await look(attempt.destination, attempt.stored, database_only=attempt.wish.database_only)
    failure = findings.failure(seen.findings)
    if failure:
        raise PreflightFailedError(*failure)
    attempt.memo.warn((*attempt.wish.warnings, *findings.warnings(seen.findings)))
    if archive is not None:
        attempt.archive, attempt.memo.tables = archive, archive.contents.table_count
    attempt.memo.bytes_to_move = attempt.stored.dump_bytes
    attempt.memo.begun = True
