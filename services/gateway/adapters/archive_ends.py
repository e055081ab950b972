"""How archives end that are not downloaded for ever: failed or expired, told in the transaction that ends them."""

from typing import Final, Literal
from uuid import UUID

from contracts.envelope import Cause, Event
from contracts.errors import FailureCode
from contracts.events.archives import ArchiveExpired, ArchiveFailed
from contracts.states import ARCHIVE, ArchiveState, move
from contracts.streams import stream
from services.gateway.resources import Failure
from services.gateway.settings import SERVICE
from services.platform.database import Connection, Record, load_queries
from services.platform.eventstore.store import EventStore
from services.platform.process.clock import Clock
from services.platform.process.errors import PermanentError

Why = Literal["link_ended", "encoder_changed", "not_the_same", "backup_unreadable", "cancelled", "let_go"]
ENDED: Final = frozenset({"cancelled", "let_go"})
"""The link is over as if its time were; for other reasons its bytes are gone, and whoever has it is told so."""

_sql = load_queries("services.gateway")


class ArchiveEnds:
    """Writes the ends of archives, and whatever else their streams tell; rows are those of `find_archive`."""

    def __init__(self, events: EventStore, clock: Clock) -> None:
        self._events = events
        self._clock = clock

    async def say(self, c: Connection, archive_id: UUID, body: Event, cause: Cause, key: str) -> None:
        """Append an event to the archive's stream."""
        name = stream(SERVICE, "archive", archive_id)
        await self._events.append_next(c, name, [body], cause, key, now=self._clock.now())

    async def fail(self, c: Connection, row: Record, error: PermanentError, cause: Cause) -> None:
        """Say why there will be no archive. Raises ForbiddenMoveError where it has ended already."""
        move(ARCHIVE, ArchiveState(row["state"]), ArchiveState.FAILED)
        now, archive_id = self._clock.now(), row["archive_id"]
        failure = Failure(code=error.code, reason=error.reason, retryable=error.retryable)
        await _sql.fail_archive(c, archive_id=archive_id, now=now, failure=failure.model_dump(mode="json"))
        body = ArchiveFailed(
            archive_id=archive_id,
            backup_id=row["backup_id"],
            environment_id=row["environment_id"],
            finished_at=now,
            code=error.code,
            reason=error.reason,
            retryable=error.retryable,
        )
        await self.say(c, archive_id, body, cause, str(row["app_id"]))

    async def expire(self, c: Connection, row: Record, why: Why, cause: Cause | None = None) -> None:
        """Its link works no more; nothing happens where somebody else was first. What keeps its backup goes later."""
        move(ARCHIVE, ArchiveState(row["state"]), ArchiveState.EXPIRED)
        now, archive_id = self._clock.now(), row["archive_id"]
        if not await _sql.expire_archive(c, archive_id=archive_id, now=now, at_once=why in ENDED):
            return
        body = ArchiveExpired(
            archive_id=archive_id,
            backup_id=row["backup_id"],
            environment_id=row["environment_id"],
            expired_at=now,
            why=why,
        )
        own = Cause(archive_id, archive_id, SERVICE, actor_verified=True)
        await self.say(c, archive_id, body, cause or own, str(row["app_id"]))


def failure_of(row: Record) -> PermanentError:
    """The error that a failed archive ended with."""
    failure = Failure.model_validate(row["failure"])
    return PermanentError(failure.reason, code=FailureCode(failure.code))
