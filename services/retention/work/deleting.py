"""The job `delete`: puts the tombstone in the manifest's place and says that the backup is deleted."""

import json
from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import structlog

from contracts.events.retention import BackupDeleted, SharedContent
from contracts.states import BackupState
from services.platform.database import Connection, load_queries
from services.platform.jobs import JobRun, Step
from services.platform.process.errors import PermanentError
from services.platform.repository.errors import RepositoryError
from services.retention import known
from services.retention.domain.messages import tombstone
from services.retention.parts import TRY_AGAIN_AFTER, Parts

queries = load_queries("services.retention")
log = structlog.get_logger()


class DeletionJob:
    """See JobKind. A backup that failed has its tombstone already, which stays as it is."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def steps(self, run: JobRun) -> Sequence[Step]:
        """The steps of one attempt."""
        attempt = _Attempt(self._parts, run)
        return (
            Step("see for which backups shared content stays", attempt.look),
            Step("put the tombstone in the manifest's place", attempt.erase),
            Step("say that the backup is deleted", attempt.finish),
        )

    async def failed(self, c: Connection, run: JobRun, error: PermanentError) -> None:
        """A later sweep tries again; a person may want to know what stands in the way."""
        log.error("a backup could not be deleted", backup_id=run.payload["backup_id"], reason=error.reason)
        again = self._parts.clock.now() + TRY_AGAIN_AFTER
        await queries.end_backup_job(c, backup_id=UUID(run.payload["backup_id"]), work_from=again)


class _Attempt:
    def __init__(self, parts: Parts, run: JobRun) -> None:
        self._parts = parts
        self._run = run
        self._backup_id = UUID(run.payload["backup_id"])
        expired = run.payload["state"] == BackupState.EXPIRED
        self._why: Literal["expired", "deleted"] = "expired" if expired else "deleted"

    async def look(self) -> None:
        """What cannot be read does not keep a backup from going: then nobody can tell."""
        try:
            repository = self._parts.repository.of(self._run.environment_id)
            shared = await repository.sharing(self._backup_id, own=self._run.payload.get("erase", False))
        except RepositoryError as error:
            log.warning("not known what a backup shares", backup_id=str(self._backup_id), reason=error.reason)
            return
        self._run.memo.setdefault("shared_with", {"count": shared.count, "newest": [str(one) for one in shared.newest]})

    async def erase(self) -> None:
        """From here on nothing refers to the backup's content on its behalf."""
        run, now = self._run, self._parts.clock.now()
        stone = tombstone(self._backup_id, run.environment_id, self._why, run.cause.actor, now)
        await self._parts.repository.of(run.environment_id).erase_manifest(stone)

    async def finish(self) -> None:
        """Say so; what only this backup referred to is garbage now."""
        run, now = self._run, self._parts.clock.now()
        async with run.finish() as c:
            backup = await known.find(c, self._backup_id)
            if backup is not None and backup.state is BackupState.DELETED:
                return  # a shredding was faster
            if backup is not None:
                await known.save(c, backup.deleted(now + self._parts.tombstones_stay))
                await queries.note_backup_job(c, backup_id=self._backup_id, job_id=None)
            await queries.note_garbage(c, environment_id=run.environment_id, now=now, cause=run.cause)
            shared = run.memo.get("shared_with")
            event = BackupDeleted(
                backup_id=self._backup_id,
                environment_id=run.environment_id,
                deleted_at=now,
                why=self._why,
                shared_with=shared and SharedContent.model_validate_json(json.dumps(shared)),
            )
            await self._parts.say(c, "backup", self._backup_id, event, run.cause, run.key)
