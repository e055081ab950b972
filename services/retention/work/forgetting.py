"""The job `forget`: removes the tombstone of a backup that was deleted long ago, and what is known of it here."""

from collections.abc import Sequence
from uuid import UUID

import structlog

from services.platform.database import Connection, load_queries
from services.platform.jobs import JobRun, Step
from services.platform.process.errors import PermanentError
from services.retention.parts import TRY_AGAIN_AFTER, Parts

queries = load_queries("services.retention")
log = structlog.get_logger()


class ForgettingJob:
    """See JobKind. The log keeps the backup's history; nobody can be about to write its manifest any more."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def steps(self, run: JobRun) -> Sequence[Step]:
        """The steps of one attempt."""
        backup_id = UUID(run.payload["backup_id"])

        async def remove() -> None:
            await self._parts.repository.of(run.environment_id).remove_tombstone(backup_id)

        async def finish() -> None:
            async with run.finish() as c:
                await queries.forget_backup(c, backup_id=backup_id)
                await queries.note_backup_job(c, backup_id=backup_id, job_id=None)

        return (Step("remove the tombstone", remove), Step("forget the backup", finish))

    async def failed(self, c: Connection, run: JobRun, error: PermanentError) -> None:
        """A later sweep tries again."""
        log.error("a tombstone could not be removed", backup_id=run.payload["backup_id"], reason=error.reason)
        again = self._parts.clock.now() + TRY_AGAIN_AFTER
        await queries.end_backup_job(c, backup_id=UUID(run.payload["backup_id"]), work_from=again)
