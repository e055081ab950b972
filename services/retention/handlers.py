"""What retention does when the log tells of something: it changes what it knows of a backup, and no more."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from contracts.commands.retention import ExpireBackup
from contracts.envelope import Cause, Message
from contracts.events.backups import BackupCompleted, BackupFailed, BackupPinned, BackupRequested, BackupUnpinned
from contracts.events.commands import CommandRejected
from contracts.events.retention import (
    BackupDeletionRequested,
    BackupErasureRequested,
    BackupExpired,
    BackupExpiryChanged,
    ExpiryHeld,
    ExpiryReleased,
    SweepApproved,
)
from contracts.events.shredding import ShreddingRequested
from contracts.events.uploads import DataUploaded, UploadFailed
from contracts.states import BackupState
from services.platform.database import Connection, load_queries
from services.platform.jobs import JobQueue, NewJob
from services.platform.messaging.follower import Reactions
from services.retention import known
from services.retention.chores import SHRED
from services.retention.domain.backup import Backup
from services.retention.domain.checks import first_check

queries = load_queries("services.retention")

EXPIRE: Final = ExpireBackup.__name__

About = BackupCompleted | BackupFailed | BackupExpiryChanged | ExpiryHeld | ExpiryReleased
LetGo = BackupExpired | BackupDeletionRequested


class Handlers:
    """One function per event, named like it.

    `grace` is how long the bytes stay of what was let go; `check_every` lies between two checks of an environment.
    """

    def __init__(self, queue: JobQueue, grace: timedelta, check_every: timedelta) -> None:
        self._queue = queue
        self._grace = grace
        self._check_every = check_every

    def reactions(self) -> Reactions:
        """Which event goes to which function."""
        return {
            BackupRequested: self.on_backup_requested,
            BackupCompleted: self.on_backup_completed,
            BackupFailed: self.on_backup_failed,
            BackupPinned: self.on_backup_pinned,
            BackupUnpinned: self.on_backup_unpinned,
            BackupExpiryChanged: self.on_backup_expiry_changed,
            ExpiryHeld: self.on_expiry_held,
            ExpiryReleased: self.on_expiry_released,
            BackupExpired: self.on_backup_expired,
            BackupDeletionRequested: self.on_backup_deletion_requested,
            BackupErasureRequested: self.on_backup_erasure_requested,
            ShreddingRequested: self.on_shredding_requested,
            CommandRejected: self.on_command_rejected,
            SweepApproved: self.on_sweep_approved,
            DataUploaded: self.on_upload_ended,
            UploadFailed: self.on_upload_ended,
        }

    async def on_backup_requested(self, c: Connection, message: Message[BackupRequested]) -> None:
        """Know it."""
        body, key = message.body, message.envelope.key
        first = first_check(body.environment_id, body.created_at, self._check_every)
        await queries.know_environment(c, environment_id=body.environment_id, key=key, check_from=first)
        await known.save(c, Backup.requested(body, key))

    async def on_backup_completed(self, c: Connection, message: Message[BackupCompleted]) -> None:
        """From its expiry on it is asked for."""
        await _change(c, message.body, lambda backup: backup.completed())

    async def on_backup_failed(self, c: Connection, message: Message[BackupFailed]) -> None:
        """It is listed for two weeks."""
        await _change(c, message.body, lambda backup: backup.failed())

    async def on_backup_pinned(self, c: Connection, message: Message[BackupPinned]) -> None:
        """It is asked for, and stays: that the catalog says so is how people learn of it."""
        await queries.note_pinned(c, backup_id=message.body.backup_id, pinned=True)

    async def on_backup_unpinned(self, c: Connection, message: Message[BackupUnpinned]) -> None:
        """It would go."""
        await queries.note_pinned(c, backup_id=message.body.backup_id, pinned=False)

    async def on_backup_expiry_changed(self, c: Connection, message: Message[BackupExpiryChanged]) -> None:
        """It is judged anew."""
        body = message.body
        await _change(c, body, lambda backup: backup.expiry_changed(body.expires_at))

    async def on_expiry_held(self, c: Connection, message: Message[ExpiryHeld]) -> None:
        """Not asked for again until it is released."""
        body = message.body
        await _change(c, body, lambda backup: backup.held(body.blockers))

    async def on_expiry_released(self, c: Connection, message: Message[ExpiryReleased]) -> None:
        """The next sweep asks again."""
        await _change(c, message.body, lambda backup: backup.released())

    async def on_backup_expired(self, c: Connection, message: Message[BackupExpired]) -> None:
        """Its grace begins."""
        await self._let_go(c, message, BackupState.EXPIRED, message.body.expired_at + self._grace)

    async def on_backup_deletion_requested(self, c: Connection, message: Message[BackupDeletionRequested]) -> None:
        """Its grace begins; an erasure and a shredding know none."""
        body = message.body
        work_from = body.requested_at if body.erase else body.requested_at + self._grace
        await self._let_go(c, message, BackupState.DELETING, None if body.shred_id else work_from)
        if body.erase:
            await queries.note_erase(c, backup_id=body.backup_id, cause=Cause.of(message))

    async def on_backup_erasure_requested(self, c: Connection, message: Message[BackupErasureRequested]) -> None:
        """What is left of it is garbage of which nothing may stay; what has not gone yet goes at once."""
        body, cause = message.body, Cause.of(message)
        backup = await known.find(c, body.backup_id) or Backup.forgotten(body, message.envelope.key)
        await known.save(c, backup.without_grace(body.requested_at))
        await queries.note_erase(c, backup_id=body.backup_id, cause=cause)
        if backup.state is BackupState.DELETED:
            ours = {"environment_id": body.environment_id, "now": body.requested_at}
            await queries.note_garbage(c, **ours, cause=cause)

    async def on_shredding_requested(self, c: Connection, message: Message[ShreddingRequested]) -> None:
        """Do it at once: its backups were let go just before.

        A check would read for hours what is about to go, an erasure would store it anew; what they left to do comes
        behind the shredding.
        """
        body, key = message.body, message.envelope.key
        first = first_check(body.environment_id, body.requested_at, self._check_every)
        await queries.know_environment(c, environment_id=body.environment_id, key=key, check_from=first)
        under_way = [row["job_id"] async for row in queries.jobs_under_way(c, environment_id=body.environment_id)]
        for job_id in under_way:
            await self._queue.cancel(c, job_id, message.envelope.actor)
        job = NewJob(
            job_id=message.envelope.id,
            kind=SHRED,
            environment_id=body.environment_id,
            host=str(body.environment_id),
            payload={"shred_id": str(body.shred_id)},
            cause=Cause.of(message),
            key=key,
        )
        await self._queue.put(c, job)

    async def on_upload_ended(self, c: Connection, message: Message[DataUploaded | UploadFailed]) -> None:
        """What was sent lay in the repository on its way in; unless a backup has the same, nobody needs it now."""
        body, cause = message.body, Cause.of(message)
        await queries.note_garbage(c, environment_id=body.environment_id, now=body.finished_at, cause=cause)

    async def on_command_rejected(self, c: Connection, message: Message[CommandRejected]) -> None:
        """Note why the catalog does not let it go. Heard again, the backup waits for no answer any more."""
        body = message.body
        backup = await known.find_asked(c, body.command_id) if body.command == EXPIRE else None
        if backup is not None:
            await known.save(c, backup.refused(body.code, body.reason, message.envelope.time))

    async def on_sweep_approved(self, c: Connection, message: Message[SweepApproved]) -> None:
        """What was due when it stopped goes with the next sweep, however much that is."""
        await queries.approve(c, environment_id=message.body.environment_id, sweep_id=message.body.sweep_id)

    async def _let_go(
        self, c: Connection, message: Message[LetGo], state: BackupState, work_from: datetime | None
    ) -> None:
        if await _change(c, message.body, lambda backup: backup.let_go(state, work_from)):
            await queries.note_cause(c, backup_id=message.body.backup_id, cause=Cause.of(message))


async def _change(c: Connection, body: About | LetGo, rule: Callable[[Backup], Backup]) -> bool:
    """Whether the backup is known. One that was forgotten has nothing left that could change."""
    backup = await known.find(c, body.backup_id)
    if backup is not None:
        await known.save(c, rule(backup))
    return backup is not None
