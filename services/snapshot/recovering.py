"""The job `recover`: a backup whose catalog was lost is told again, as its manifest in the bucket says it."""

from collections.abc import Sequence

from contracts.errors import FailureCode
from services.platform.jobs.run import JobRun, Step
from services.platform.process.errors import PermanentError
from services.snapshot.attempt import BackupAttempt, entry_of
from services.snapshot.backup import BackupJob


class ManifestGoneError(PermanentError):
    """There is nothing to be told again."""

    def __init__(self) -> None:
        super().__init__("there is no manifest of it in the bucket", code=FailureCode.BACKUP_UNREADABLE)


class RecoveringJob(BackupJob):
    """See JobKind and PutsBack: a backup that is there already is adopted, as after a takeover (architecture §2.11)."""

    def steps(self, run: JobRun) -> Sequence[Step]:
        """The steps of one attempt."""
        attempt = BackupAttempt(self._parts, run, entry_of(run))

        async def find() -> None:
            await attempt.begin()
            if not attempt.is_decided:
                raise ManifestGoneError

        return (
            Step("find the manifest of a backup that was lost", find),
            Step("say that the backup is there again", attempt.finish),
        )
