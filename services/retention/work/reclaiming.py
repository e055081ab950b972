"""The jobs `condemn` and `reclaim`: what nothing refers to is named, waits, and is removed (architecture §2.12)."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog

from contracts import defaults
from contracts.events.retention import BackupErased, SpaceReclaimed
from services.platform.database import Connection, Record, load_queries
from services.platform.jobs import JobRun, Step
from services.platform.process.errors import PermanentError
from services.platform.repository import Condemned, Reclaimed
from services.platform.repository.errors import RemovalTooEarlyError
from services.retention.known import cause_of
from services.retention.parts import TRY_AGAIN_AFTER, Parts

CONDEMNED_FOR: Final = timedelta(hours=defaults.CONDEMNED_HOURS)

queries = load_queries("services.retention")
log = structlog.get_logger()


class CondemningJob:
    """See JobKind. The first half: find garbage, publish it as condemned."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def steps(self, run: JobRun) -> Sequence[Step]:
        """The steps of one attempt."""
        attempt = _Attempt(self._parts, run)
        return (
            Step("condemn the content that nothing refers to", attempt.condemn),
            Step("note when it may be removed", attempt.note_condemned),
        )

    async def failed(self, c: Connection, run: JobRun, error: PermanentError) -> None:
        """A later sweep tries again, under the same mark; what could not be erased waits for the next one."""
        ours = {"environment_id": run.environment_id, "mark_id": UUID(run.payload["mark_id"])}
        await queries.note_not_erased(c, **ours)
        await _try_again(self._parts, c, run, error)


class ReclaimJob:
    """See JobKind. The second half: look again, remove what still nothing refers to."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def steps(self, run: JobRun) -> Sequence[Step]:
        """The steps of one attempt."""
        attempt = _Attempt(self._parts, run)
        return (
            Step("remove the condemned content", attempt.remove),
            Step("say what space was reclaimed", attempt.say_reclaimed),
        )

    async def failed(self, c: Connection, run: JobRun, error: PermanentError) -> None:
        """A later sweep tries again; what was removed already is not missed."""
        await _try_again(self._parts, c, run, error)


class _Attempt:
    """One attempt at either half."""

    def __init__(self, parts: Parts, run: JobRun) -> None:
        self._parts = parts
        self._run = run
        self._mark_id = UUID(run.payload["mark_id"])
        self._repository = parts.repository.of(run.environment_id)
        self._condemned: Condemned | None = None
        self._reclaimed: Reclaimed | None = None

    async def condemn(self) -> None:
        """From here on no new backup builds upon it."""
        now, erases = self._parts.clock.now(), self._run.payload.get("erase", False)
        condemn = self._repository.erase if erases else self._repository.condemn
        self._condemned = await condemn(self._mark_id, now, self._run.moved)

    async def note_condemned(self) -> None:
        """It waits for its day."""
        condemned = self._condemned
        if condemned is None:
            raise RuntimeError("a mark ends with what it condemned")
        async with self._run.finish() as c:
            await queries.note_condemned(
                c,
                environment_id=self._run.environment_id,
                contents=condemned.contents,
                bytes=condemned.bytes,
                work_from=self._parts.clock.now() + CONDEMNED_FOR,
            )

    async def remove(self) -> None:
        """Unless a backup that had begun before has not ended: then it comes again."""
        now = self._parts.clock.now()
        with suppress(RemovalTooEarlyError):
            self._reclaimed = await self._repository.remove_condemned(self._mark_id, now, self._run.moved)

    async def say_reclaimed(self) -> None:
        """Say what is gone, if anything is; what has become garbage since is next."""
        run, now = self._run, self._parts.clock.now()
        async with run.finish() as c:
            if self._reclaimed is None:
                again = now + TRY_AGAIN_AFTER
                await queries.end_environment_job(c, environment_id=run.environment_id, work_from=again)
                return
            await queries.note_reclaimed(c, environment_id=run.environment_id, now=now)
            gone, erased = self._counted(self._reclaimed), await self._erased(c)
            if gone.bytes or erased:
                event = self._event(gone, tuple(row["backup_id"] for row in erased))
                await self._parts.say(c, "reclaim", run.environment_id, event, run.cause, run.key)
            for row in erased:
                await self._say_erased(c, row)

    async def _say_erased(self, c: Connection, row: Record) -> None:
        """On the backup's own stream, as what became of the wish to erase it."""
        event = BackupErased(
            backup_id=row["backup_id"],
            environment_id=self._run.environment_id,
            erased_at=self._parts.clock.now(),
            mark_id=self._mark_id,
        )
        await self._parts.say(c, "backup", row["backup_id"], event, cause_of(row), row["key"])

    async def _erased(self, c: Connection) -> Sequence[Record]:
        """The backups of which nothing is left. Where some are, or something of them may be, another mark follows.

        Not at once: a backup that is under way every day at this hour is not met again.
        """
        ours, erased = {"environment_id": self._run.environment_id}, list[Record]()
        if self._reclaimed is not None and self._reclaimed.whole:
            erased = [row async for row in queries.erased_by(c, **ours, mark_id=self._mark_id)]
            await queries.note_erased(c, **ours, mark_id=self._mark_id)
        if await queries.erasures_wait(c, **ours):
            await queries.reclaim_again(c, **ours, work_from=self._parts.clock.now() + TRY_AGAIN_AFTER)
        return erased

    def _counted(self, reclaimed: Reclaimed) -> Reclaimed:
        """A worker that died took its count with it: then what it had been about to remove is told."""
        if self._run.epoch == 1:
            return reclaimed
        contents = max(reclaimed.contents, self._run.payload["contents"])
        return Reclaimed(max(reclaimed.bytes, self._run.payload["bytes"]), contents, max(reclaimed.objects, contents))

    def _event(self, gone: Reclaimed, erased: tuple[UUID, ...]) -> SpaceReclaimed:
        return SpaceReclaimed(
            environment_id=self._run.environment_id,
            mark_id=self._mark_id,
            reclaimed_at=self._parts.clock.now(),
            bytes=gone.bytes,
            contents=gone.contents,
            objects=gone.objects,
            erased=erased,
        )


async def _try_again(parts: Parts, c: Connection, run: JobRun, error: PermanentError) -> None:
    log.error("space could not be reclaimed", environment_id=str(run.environment_id), reason=error.reason)
    again = parts.clock.now() + TRY_AGAIN_AFTER
    await queries.end_environment_job(c, environment_id=run.environment_id, work_from=again)
