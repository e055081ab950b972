"""The job `backup`: one backup from its request to its manifest, or to its tombstone."""

from collections.abc import Sequence
from uuid import UUID

from contracts.manifest import Tombstone
from services.platform.database import Connection
from services.platform.jobs.run import JobRun, Step
from services.platform.process.errors import PermanentError, TransientError
from services.platform.repository import Verdict
from services.snapshot import previous
from services.snapshot.attempt import BackupAttempt, entry_of
from services.snapshot.domain.endings import buried, completed, failed
from services.snapshot.parts import Parts


class BackupJob:
    """See JobKind and PutsBack: a failure is told only when a tombstone has made sure of it (architecture §2.11)."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def steps(self, run: JobRun) -> Sequence[Step]:
        """The steps of one attempt."""
        read_all = run.payload.get("read_all", False)  # a job from before has it not
        attempt = BackupAttempt(self._parts, run, entry_of(run), read_all=read_all)
        return (
            Step("begin the backup", attempt.begin),
            Step("dump the database and store the documents of one snapshot", attempt.capture),
            Step("write the manifest", attempt.decide),
            Step("say that the backup is completed", attempt.finish),
        )

    async def put_back(self, run: JobRun, error: PermanentError) -> None:
        """Make sure that the backup never comes to exist, unless it does already."""
        tombstone = buried(_backup_id(run), run.environment_id, self._parts.clock.now(), error.code, error.reason)
        await self._parts.repository.of(run.environment_id).bury(tombstone)

    async def failed(self, c: Connection, run: JobRun, error: PermanentError) -> None:
        """Say how it was decided: a manifest that was there first means that the backup is completed."""
        verdict = await self._decided(run)
        if isinstance(verdict.decided, Tombstone):
            event = failed(verdict.decided, retryable=error.retryable)
            await self._parts.say(c, run, "backup", _backup_id(run), event)
            return
        await previous.remember(c, verdict, self._parts.clock.now())
        done = completed(verdict.decided, verdict.key, verdict.hash)
        await self._parts.say(c, run, "backup", _backup_id(run), done)

    async def _decided(self, run: JobRun) -> Verdict:
        verdict = await self._parts.repository.of(run.environment_id).verdict(_backup_id(run))
        if verdict is None:
            raise TransientError("the tombstone of a failed backup is not there (yet)")
        return verdict


def _backup_id(run: JobRun) -> UUID:
    return UUID(run.payload["backup_id"])
