"""Keeps a backup from going while somebody reads it; the catalog decides, PostgreSQL's clock ends it."""

from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from contracts.commands.retention import AcquireLease, ReleaseLease
from contracts.defaults import ARCHIVE_LEASE_HOURS
from contracts.envelope import Command
from contracts.errors import FailureCode
from services.gateway.adapters.archives import postgres_time
from services.gateway.adapters.decisions import Decisions, Intent
from services.gateway.domain.refusals import NotKnownYetError, RefusalError
from services.gateway.domain.rights import Caller
from services.platform.database import Database
from services.platform.jobs import JobRun
from services.platform.process.errors import PermanentError, TransientError


class BackupGoneError(PermanentError):
    """The backup went before it was kept: by expiry, or because somebody deleted it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code=FailureCode.BACKUP_UNREADABLE)


class BackupLease:
    """The lease that one archive holds; its id is the archive's."""

    def __init__(self, decisions: Decisions, database: Database, run: JobRun) -> None:
        self._decisions = decisions
        self._database = database
        self._run = run
        self._backup_id = UUID(run.payload["backup_id"])
        self._caller = Caller(run.payload["user"], "", frozenset())

    async def acquire(self) -> None:
        """Keep the backup for as long as an archive may take at a stretch. Raises as `keep_until`."""
        now = await postgres_time(self._database)
        await self.keep_until(now + timedelta(hours=ARCHIVE_LEASE_HOURS))

    async def keep_until(self, until: datetime) -> None:
        """Keep the backup until then. Raises BackupGoneError, and TransientError where the answer does not come."""
        body = AcquireLease(
            lease_id=self._run.job_id, backup_id=self._backup_id, holder=f"archive {self._run.job_id}", until=until
        )
        try:
            await self._decide(body, f"acquire {until.isoformat()}")
        except RefusalError as refusal:
            raise BackupGoneError(refusal.message) from refusal

    async def release(self) -> None:
        """Let it go; where there is nothing to let go, nothing happens. Raises TransientError."""
        body = ReleaseLease(lease_id=self._run.job_id, backup_id=self._backup_id)
        with suppress(RefusalError):
            await self._decide(body, "release")

    async def _decide(self, body: Command, name: str) -> None:
        intent = Intent(self._caller, f"archive {self._run.job_id} {name}")
        try:
            await self._decisions.decide(intent, body, self._run.key)
        except NotKnownYetError as error:
            raise TransientError("the catalog has not answered about a lease") from error
