"""Keeps a backup from going while somebody reads it; the catalog decides, PostgreSQL's clock ends it."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, Self
from uuid import UUID

from contracts.commands.retention import AcquireLease, ReleaseLease
from contracts.defaults import ARCHIVE_LEASE_HOURS
from contracts.envelope import Command
from contracts.errors import FailureCode
from services.gateway.adapters.archives import postgres_time
from services.gateway.adapters.decisions import Decisions, Intent
from services.gateway.domain.refusals import NotKnownYetError, RefusalError
from services.gateway.domain.rights import Caller
from services.platform.database import Database, Record, load_queries
from services.platform.jobs import JobRun
from services.platform.process.errors import PermanentError, TransientError

LET_GO_AT_ONCE: Final = 100

queries = load_queries("services.gateway")


class BackupGoneError(PermanentError):
    """The backup went before it was kept: by expiry, or because somebody deleted it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code=FailureCode.BACKUP_UNREADABLE)


class BackupLease:
    """The lease that one archive holds, in the name of the `user` who asked for it; its id is the archive's."""

    def __init__(self, decisions: Decisions, archive_id: UUID, backup_id: UUID, *, user: str, key: str) -> None:
        self._decisions = decisions
        self._archive_id = archive_id
        self._backup_id = backup_id
        self._caller = Caller(user, "", frozenset())
        self._key = key

    @classmethod
    def of_job(cls, decisions: Decisions, run: JobRun) -> Self:
        """That of the archive which a job makes."""
        backup_id = UUID(run.payload["backup_id"])
        return cls(decisions, run.job_id, backup_id, user=run.payload["user"], key=run.key)

    @classmethod
    def of_row(cls, decisions: Decisions, row: Record) -> Self:
        """That of an archive as it is kept."""
        user, key = row["requested_by"], str(row["app_id"])
        return cls(decisions, row["archive_id"], row["backup_id"], user=user, key=key)

    async def acquire(self, database: Database) -> None:
        """Keep the backup for as long as an archive may take at a stretch. Raises as `keep_until`."""
        await self.keep_until(await postgres_time(database) + timedelta(hours=ARCHIVE_LEASE_HOURS))

    async def keep_until(self, until: datetime) -> None:
        """Keep the backup until then. Raises BackupGoneError, and TransientError where the answer does not come."""
        holder = f"archive {self._archive_id}"
        body = AcquireLease(lease_id=self._archive_id, backup_id=self._backup_id, holder=holder, until=until)
        try:
            await self._decide(body, f"acquire {until.isoformat()}")
        except RefusalError as refusal:
            raise BackupGoneError(refusal.message) from refusal

    async def release(self) -> None:
        """Let it go; where there is nothing to let go, nothing happens. Raises TransientError."""
        with suppress(RefusalError):
            await self._decide(ReleaseLease(lease_id=self._archive_id, backup_id=self._backup_id), "release")

    async def _decide(self, body: Command, name: str) -> None:
        intent = Intent(self._caller, f"archive {self._archive_id} {name}")
        try:
            await self._decisions.decide(intent, body, self._key)
        except NotKnownYetError as error:
            raise TransientError("the catalog has not answered about a lease") from error


async def let_go(database: Database, decisions: Decisions) -> None:
    """Release the leases of archives whose links ended before their time. Raises TransientError; then call it again."""
    async with database.transaction() as c:
        rows = [row async for row in queries.held_for_nothing(c, count=LET_GO_AT_ONCE)]
    for row in rows:
        await BackupLease.of_row(decisions, row).release()
        async with database.transaction() as c:
            await queries.has_let_go(c, archive_id=row["archive_id"])
