"""The job `shred`: destroys an environment's data keys, so that nothing opens its backups any more."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from contracts.errors import FailureCode
from contracts.events.retention import BackupDeleted
from contracts.events.shredding import BackupsShredded, ShreddingFailed, ShreddingRemains
from contracts.manifest import Tombstone
from services.platform.database import Connection, load_queries
from services.platform.jobs import JobRun, Step
from services.platform.process.errors import PermanentError
from services.platform.repository import Remains
from services.retention import known
from services.retention.domain.messages import tombstone
from services.retention.parts import TRY_AGAIN_AFTER, Parts
from services.retention.work.reclaiming import CONDEMNED_FOR

SHREDDED: Final = "shredded"

queries = load_queries("services.retention")
log = structlog.get_logger()


class ShreddingJob:
    """See JobKind. Nothing is under way in the environment until its end is told: the catalog sees to that."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def steps(self, run: JobRun) -> Sequence[Step]:
        """The steps of one attempt."""
        attempt = _Attempt(self._parts, run)
        return (
            Step("see which data keys there are", attempt.look),
            Step("destroy the data keys", attempt.destroy),
            Step("put tombstones in all manifests' places", attempt.bury),
            Step("remove what no key protects", attempt.remove_first_format),
            Step("say that nothing opens the backups any more", attempt.say_shredded),
        )

    async def failed(self, c: Connection, run: JobRun, error: PermanentError) -> None:
        """Say so: whoever asked for it asks again. The backups go in the ordinary way, as far as they can be opened."""
        log.error("backups could not be shredded", environment_id=str(run.environment_id), reason=error.reason)
        now, environment_id, shred_id = self._parts.clock.now(), run.environment_id, UUID(run.payload["shred_id"])
        await queries.delete_unworked(c, environment_id=environment_id, work_from=now + TRY_AGAIN_AFTER)
        event = ShreddingFailed(
            shred_id=shred_id,
            environment_id=environment_id,
            failed_at=now,
            code=error.code or FailureCode.INTERNAL,
            reason=error.reason,
            retryable=error.retryable,
        )
        await self._parts.say(c, "shredding", shred_id, event, run.cause, run.key)


class _Attempt:
    """One attempt. Which keys are destroyed is settled by its first step, whoever goes on from there."""

    def __init__(self, parts: Parts, run: JobRun) -> None:
        self._parts = parts
        self._run = run
        self._shred_id = UUID(run.payload["shred_id"])
        self._shredding = parts.repository.of(run.environment_id).shredding(run.moved)
        self._remains = Remains(0, 0)

    async def look(self) -> None:
        """A key that is made later is none of ours: what lies under it was written since."""
        if "keys" not in self._run.memo:
            numbers = await self._shredding.keys()
            self._run.memo["keys"] = [numbers.start, numbers.stop]

    async def destroy(self) -> None:
        """From here on there is no way back."""
        await self._shredding.destroy_keys(self._numbers, self._parts.clock.now())

    async def bury(self) -> None:
        """Nothing is a backup any more."""
        run, now = self._run, self._parts.clock.now()

        def stone(backup_id: UUID) -> Tombstone:
            return tombstone(backup_id, run.environment_id, SHREDDED, run.cause.actor, now)

        run.memo["tombstones"] = await self._shredding.bury(stone, self._numbers.stop)

    async def remove_first_format(self) -> None:
        """Of several attempts each counts what it found."""
        removed = await self._shredding.remove_first_format()
        self._run.memo["first_format"] = self._run.memo.get("first_format", 0) + removed
        self._remains = await self._shredding.remains()

    async def say_shredded(self) -> None:
        """Of each backup, and of all; packs are garbage now."""
        run, now = self._run, self._parts.clock.now()
        async with run.finish() as c:
            count = await self._say_deleted(c, now)
            await queries.note_garbage(c, environment_id=run.environment_id, now=now, cause=run.cause)
            event = BackupsShredded(
                shred_id=self._shred_id,
                environment_id=run.environment_id,
                shredded_at=now,
                keys_destroyed=len(self._numbers),
                backup_count=count,
                first_format_objects=run.memo["first_format"],
                left=self._left(now),
            )
            await self._parts.say(c, "shredding", self._shred_id, event, run.cause, run.key)

    async def _say_deleted(self, c: Connection, now: datetime) -> int:
        """How many backups had not gone before: those that were on their way out already go as well."""
        going = await known.going(c, self._run.environment_id)
        for backup in going:
            await known.save(c, backup.deleted(now + self._parts.tombstones_stay))
            await queries.note_backup_job(c, backup_id=backup.backup_id, job_id=None)
            event = BackupDeleted(
                backup_id=backup.backup_id, environment_id=backup.environment_id, deleted_at=now, why="shredded"
            )
            await self._parts.say(c, "backup", backup.backup_id, event, self._run.cause, self._run.key)
        return len(going)

    def _left(self, now: datetime) -> ShreddingRemains:
        return ShreddingRemains(
            packs=self._remains.packs,
            bytes=self._remains.bytes,
            packs_until=now + CONDEMNED_FOR,
            tombstones=self._run.memo["tombstones"],
            tombstones_until=now + self._parts.tombstones_stay,
        )

    @property
    def _numbers(self) -> range:
        start, stop = self._run.memo["keys"]
        return range(start, stop)
