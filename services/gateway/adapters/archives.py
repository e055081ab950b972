"""Archives in the gateway's own schema: asked for once, found again, over when their link ends."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from contracts.defaults import COMMANDS_KEPT_DAYS
from contracts.envelope import Cause
from contracts.errors import RejectionCode
from contracts.events.archives import ArchiveRequested, DataType
from contracts.states import ArchiveState, BackupState
from services.gateway.adapters.archive_ends import ArchiveEnds, Why
from services.gateway.adapters.decisions import Intent
from services.gateway.adapters.pages import page
from services.gateway.domain.links import Link
from services.gateway.domain.paging import Instant
from services.gateway.domain.refusals import NotFoundError, key_reused, rejection
from services.gateway.resources import Archive, ArchivePage, Backup, Failure
from services.platform.archives.kinds import file_name
from services.platform.database import Connection, Database, Record, load_queries
from services.platform.eventstore.store import EventStore
from services.platform.jobs import JobCancelledError, JobQueue, NewJob
from services.platform.process.clock import Clock
from services.platform.process.seams import Seam

ARCHIVE_JOB: Final = "archive"
"""The kind of job that makes an archive's index; its id is the archive's."""
READING: Final = "repository"
"""What jobs of this kind spare, as others spare a host."""
EXPIRED_AT_ONCE: Final = 100
PAGES_KEPT_SECONDS: Final = 24 * 3600
"""A download that began in the link's last minute may take a day."""

UNDER_WAY: Final = frozenset({ArchiveState.QUEUED, ArchiveState.RUNNING})

queries = load_queries("services.gateway")


class Archives:
    """What was asked for, and what became of it. `encoder` is the only one that this process can make again.

    `ends` writes how they end, for the job too.
    """

    def __init__(  # noqa: PLR0913 -- what is kept, said, queued, when, and how it is made
        self, database: Database, events: EventStore, queue: JobQueue, *, clock: Clock, encoder: str, secret: bytes
    ) -> None:
        self.link_key: Final = secret
        self.ends: Final = ArchiveEnds(events, clock)
        self._database = database
        self._queue = queue
        self._clock = clock
        self._encoder = encoder

    async def ask(self, intent: Intent, backup: Backup, data_type: DataType) -> Archive:
        """The archive that is ready or on its way, else a new one; the same request repeated is told of the same one.

        Raises RefusalError.
        """
        async with self._database.transaction(Seam.ARCHIVE) as c:
            await queries.lock_stream(c, stream=str(intent.command_id))  # nobody asks for another with this key
            known = await _asked_with(c, intent)
            if known is not None:
                return _the_same(await _found(c, known), backup, data_type)
            await _refuse_cancelled_with(c, intent)
            await queries.lock_archives(c, backup_id=str(backup.backup_id))
            living = await self._living(c, backup, data_type)
            if living is not None:
                await queries.keep_found(c, command_id=intent.command_id, archive_id=living["archive_id"])
                return shown(living)
            if backup.state is not BackupState.COMPLETED:
                raise rejection(RejectionCode.NOT_ALLOWED, "only a completed backup can be downloaded", None)
            return await self._new(c, intent, backup, data_type)

    async def cancel(self, intent: Intent, archive_id: UUID) -> Archive:
        """End an archive at once: where it is not ready yet its job sees that and stops, a link that works is over.

        Its backup is let go of a moment later. The same request repeated is told the same. Raises RefusalError, of one
        that has ended by the name of its state.
        """
        async with self._database.transaction(Seam.ARCHIVE) as c:
            await queries.lock_stream(c, stream=str(intent.command_id))  # nobody cancels another with this key
            await self._queue.cancel(c, archive_id, intent.caller.actor)  # locks its job: nothing ends it meanwhile
            await queries.hold_archive(c, archive_id=archive_id)
            row = await _found(c, archive_id)
            if row["cancel_command"] == intent.command_id:
                return shown(row)
            await _refuse_cancelled_with(c, intent)
            if await _asked_with(c, intent) is not None:
                raise key_reused()
            if row["state"] in UNDER_WAY:
                await self.ends.fail(c, row, JobCancelledError(intent.caller.actor), intent.cause)
            elif row["state"] == ArchiveState.COMPLETED:
                await self.ends.expire(c, row, "cancelled", intent.cause)
            else:
                reason = f"this archive is {row['state']}: there is nothing to cancel"
                raise rejection(RejectionCode.NOT_ALLOWED, reason, "archive_id")
            await queries.keep_cancel_command(c, archive_id=archive_id, command_id=intent.command_id)
            return shown(await _found(c, archive_id))

    async def find(self, archive_id: UUID) -> Archive:
        """One archive. Raises NotFoundError."""
        async with self._database.transaction() as c:
            return shown(await _found(c, archive_id))

    async def of_backup(self, backup_id: UUID, *, after: Instant | None, limit: int) -> ArchivePage:
        """A backup's archives, newest first."""
        rows, on = await page(self._database, queries.archives, limit, after, backup_id=backup_id)
        return ArchivePage(archives=[shown(row) for row in rows], next=on)

    async def renew(self, archive_id: UUID, link_ends_at: datetime) -> Archive:
        """The archive, whose link works until then where it works still. Raises NotFoundError."""
        async with self._database.transaction(Seam.ARCHIVE) as c:
            await queries.renew_archive(c, archive_id=archive_id, link_ends_at=link_ends_at)
            return shown(await _found(c, archive_id))

    async def expire(self, archive_id: UUID, why: Why) -> None:
        """Its link works no more; again is harmless."""
        async with self._database.transaction(Seam.ARCHIVE) as c:
            row = await _found(c, archive_id)
            if row["state"] == ArchiveState.COMPLETED:
                await self.ends.expire(c, row, why)

    async def let_go(self, c: Connection, archive_id: UUID, cause: Cause) -> None:
        """Its backup is kept no more, so its link is over, too; where there is no such link, nothing happens."""
        row: Record | None = await queries.find_archive(c, archive_id=archive_id)
        if row is not None and row["state"] == ArchiveState.COMPLETED:
            is_late = row["link_ends_at"] <= await queries.postgres_time(c)  # the lease came to its end by itself
            await self.ends.expire(c, row, "link_ended" if is_late else "let_go", cause)

    async def expire_ended(self) -> int:
        """Expire archives whose link has ended; forget pages that nobody can still be reading, and old keys."""
        async with self._database.transaction() as c:
            ended = [row["archive_id"] async for row in queries.ended_archives(c, count=EXPIRED_AT_ONCE)]
        for archive_id in ended:
            await self.expire(archive_id, "link_ended")
        async with self._database.transaction() as c:
            await queries.forget_pages(c, grace_seconds=PAGES_KEPT_SECONDS)
            await queries.forget_found(c, kept_days=COMMANDS_KEPT_DAYS)
        return len(ended)

    async def can_be_made(self, archive_id: UUID) -> bool:
        """Whether this process makes the bytes that the archive's encoder made. Raises NotFoundError."""
        async with self._database.transaction() as c:
            return bool((await _found(c, archive_id))["encoder"] == self._encoder)

    async def was_cancelled(self, archive_id: UUID) -> bool:
        """Whether somebody wants nobody to download it any more. Raises NotFoundError."""
        async with self._database.transaction() as c:
            return (await _found(c, archive_id))["cancel_command"] is not None

    async def _living(self, c: Connection, backup: Backup, data_type: DataType) -> Record | None:
        """The archive that is ready or on its way; one that is of no use any more makes room."""
        row: Record | None = await queries.living_archive(c, backup_id=backup.backup_id, data_type=data_type)
        if row is None or row["state"] != ArchiveState.COMPLETED:
            return row
        if row["encoder"] != self._encoder:
            await self.ends.expire(c, row, "encoder_changed")
            return None
        if row["link_ends_at"] <= await queries.postgres_time(c):
            await self.ends.expire(c, row, "link_ended")
            return None
        return row

    async def _new(self, c: Connection, intent: Intent, backup: Backup, data_type: DataType) -> Archive:
        archive_id, now = intent.created_id("archive"), self._clock.now()
        await queries.add_archive(
            c,
            archive_id=archive_id,
            backup_id=backup.backup_id,
            environment_id=backup.environment_id,
            app_id=backup.app_id,
            data_type=data_type,
            file_name=file_name(data_type, backup.backup_id, backup.created_at),
            requested_at=now,
            requested_by=intent.caller.user,
        )
        cause = intent.cause
        body = ArchiveRequested(
            archive_id=archive_id,
            backup_id=backup.backup_id,
            environment_id=backup.environment_id,
            data_type=data_type,
            requested_at=now,
            requested_by=intent.caller.user,
        )
        await self.ends.say(c, archive_id, body, cause, str(backup.app_id))
        await self._queue.put(c, _job(archive_id, backup, data_type, intent.caller.user, cause))
        return shown(await _found(c, archive_id))


def link_of(archive: Archive) -> Link | None:
    """The archive's link, as long as it works."""
    return last_link_of(archive) if archive.state is ArchiveState.COMPLETED else None


def last_link_of(archive: Archive) -> Link | None:
    """The link that the archive has or had."""
    if archive.sha256 is None or archive.link_ends_at is None:
        return None
    return Link(archive.archive_id, archive.file_name, archive.sha256, archive.link_ends_at)


async def link_key(database: Database, fresh: bytes) -> bytes:
    """The key that links are signed with; the first process of all makes it of `fresh`.

    The secret of first keys is derived from it (`secret_of_first_keys`): whoever has it can tell those too.
    """
    async with database.transaction() as c:
        key: bytes = await queries.link_key(c, fresh=fresh)
        return key


async def postgres_time(database: Database) -> datetime:
    """What links and leases end by."""
    async with database.transaction() as c:
        now: datetime = await queries.postgres_time(c)
        return now


def shown(row: Record) -> Archive:
    """A row as the API shows it; the link is added by whoever knows the gateway's address."""
    failure = None if row["failure"] is None else Failure.model_validate(row["failure"])
    kept = {name: row[name] for name in _AS_KEPT}
    told = "" if failure is None else failure.reason
    return Archive(
        **kept, created_at=row["requested_at"], created_by=row["requested_by"], failure=failure, status_message=told
    )


_AS_KEPT: Final[Sequence[str]] = (
    "archive_id",
    "backup_id",
    "environment_id",
    "data_type",
    "state",
    "file_name",
    "updated_at",
    "finished_at",
    "estimated_bytes",
    "size_bytes",
    "sha256",
    "link_ends_at",
)


def _the_same(row: Record, backup: Backup, data_type: DataType) -> Archive:
    if (row["backup_id"], row["data_type"]) != (backup.backup_id, data_type):
        raise key_reused()
    return shown(row)


async def _asked_with(c: Connection, intent: Intent) -> UUID | None:
    """The archive that this request made or found when it came first."""
    archive_id: UUID | None = await queries.archive_asked_with(
        c, command_id=intent.command_id, archive_id=intent.created_id("archive")
    )
    return archive_id


async def _refuse_cancelled_with(c: Connection, intent: Intent) -> None:
    """Raises RefusalError for a key that an archive was cancelled with."""
    if await queries.is_cancel_command(c, command_id=intent.command_id):
        raise key_reused()


async def _found(c: Connection, archive_id: UUID) -> Record:
    row: Record | None = await queries.find_archive(c, archive_id=archive_id)
    if row is None:
        raise no_archive()
    return row


def no_archive() -> NotFoundError:
    """The refusal of an archive that is not there, or not of the backup that the address names."""
    return NotFoundError(RejectionCode.NOT_FOUND, "there is no archive with this id")


def _job(archive_id: UUID, backup: Backup, data_type: DataType, user: str, cause: Cause) -> NewJob:
    return NewJob(
        job_id=archive_id,
        kind=ARCHIVE_JOB,
        environment_id=backup.environment_id,
        host=READING,
        payload={
            "backup_id": str(backup.backup_id),
            "manifest_hash": backup.manifest_hash,
            "data_type": data_type,
            "user": user,
        },
        cause=cause,
        key=str(backup.app_id),
    )
