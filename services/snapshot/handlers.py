"""What this service does when the log tells of something: it puts a job, lets one go, or ends one."""

from typing import Any, Final
from uuid import UUID

from contracts.envelope import Body, Cause, Message
from contracts.events.apps import (
    EnvironmentCheckRequested,
    EnvironmentRegistered,
    EnvironmentRemoved,
    EnvironmentUpdated,
)
from contracts.events.backups import BackupCancelRequested, BackupKind, BackupRequested
from contracts.events.restores import (
    RestoreCompleted,
    RestoreFailed,
    RestoreRequested,
    RestoreUndoFailed,
    RestoreUndone,
    RestoreUndoRequested,
)
from contracts.events.shredding import BackupsShredded, ShreddingFailed, ShreddingRequested
from contracts.events.uploads import DataUploaded, UploadFailed, UploadRequested
from contracts.manifest import BackupEntry
from contracts.values import Parcel
from services.platform.database import Connection, load_queries
from services.platform.environments import Environments
from services.platform.jobs.queue import JobQueue, NewJob
from services.platform.messaging.follower import Reactions
from services.snapshot.nights.reactions import NightReactions
from services.snapshot.nights.rows import ASKING

BACKUP: Final = "backup"
IMPORT: Final = "import"
CHECK: Final = "check"
RECOVER: Final = "recover"

queries = load_queries("services.snapshot")


class Handlers:
    """One function per event, named like it; each runs in the transaction that notes the event as dealt with."""

    def __init__(self, queue: JobQueue, environments: Environments, nights: NightReactions) -> None:
        self._queue = queue
        self._environments = environments
        self._nights = nights

    def reactions(self) -> Reactions:
        """Which event goes to which function."""
        return {
            **self._nights.reactions(),
            EnvironmentRegistered: self.on_environment_registered,
            EnvironmentUpdated: self.on_environment_updated,
            EnvironmentRemoved: self.on_environment_removed,
            EnvironmentCheckRequested: self.on_environment_check_requested,
            BackupRequested: self.on_backup_requested,
            BackupCancelRequested: self.on_backup_cancel_requested,
            RestoreRequested: self.on_work_begun,
            RestoreUndoRequested: self.on_work_begun,
            RestoreCompleted: self.on_work_ended,
            RestoreFailed: self.on_work_ended,
            RestoreUndone: self.on_work_ended,
            RestoreUndoFailed: self.on_work_ended,
            ShreddingRequested: self.on_work_begun,
            BackupsShredded: self.on_work_ended,
            ShreddingFailed: self.on_work_ended,
            UploadRequested: self.on_work_begun,
            DataUploaded: self.on_work_ended,
            UploadFailed: self.on_work_ended,
        }

    async def on_environment_registered(self, c: Connection, message: Message[EnvironmentRegistered]) -> None:
        """Know where it is, look at it, and expect its nights."""
        await self._environments.on_environment_described(c, message)
        await self._nights.on_environment_registered(c, message)
        await self._put_check(c, message, message.body.environment_id, message.body.check_id)

    async def on_environment_updated(self, c: Connection, message: Message[EnvironmentUpdated]) -> None:
        """Know where it is now, look at it, and plan its nights by what is known now."""
        await self._environments.on_environment_described(c, message)
        await self._nights.on_environment_changed(c, message)
        await self._put_check(c, message, message.body.environment_id, message.body.check_id)

    async def on_environment_removed(self, c: Connection, message: Message[EnvironmentRemoved]) -> None:
        """Forget it, and its nights."""
        await self._environments.on_environment_removed(c, message)
        await self._nights.on_environment_changed(c, message)

    async def on_environment_check_requested(self, c: Connection, message: Message[EnvironmentCheckRequested]) -> None:
        """Look at it again."""
        await self._put_check(c, message, message.body.environment_id, message.body.check_id)

    async def on_backup_requested(self, c: Connection, message: Message[BackupRequested]) -> None:
        """Take it; if a restore, an upload or a shredding is under way there, when the end of that has been seen.

        A nightly one is taken when the scheduler has asked for all that are due: a person's does not wait for them. An
        upload's safety backup does not wait for the upload, which waits for it.
        """
        body = message.body
        if body.recovered_at is not None:
            await self._recover(c, message)
            return
        if body.parcel is not None:
            await self._put_import(c, message, body.parcel)
            return
        await self._nights.on_backup_requested(c, message)
        held_by = None if body.kind is BackupKind.SAFETY else await self._held_by(c, body)
        payload = BackupEntry.of(body).model_dump(mode="json") | {"read_all": body.read_all}
        await self._put(c, message, BACKUP, body.environment_id, body.backup_id, payload, held_by)

    async def _recover(self, c: Connection, message: Message[BackupRequested]) -> None:
        """It was taken long ago, and its night is over: it is looked for, whatever is under way there."""
        payload = BackupEntry.of(message.body).model_dump(mode="json")
        await self._put(c, message, RECOVER, message.body.environment_id, message.body.backup_id, payload, None)

    async def _put_import(self, c: Connection, message: Message[BackupRequested], parcel: Parcel) -> None:
        """It reads what was sent, and nothing of the environment; its key must not be destroyed meanwhile."""
        body = message.body
        payload = BackupEntry.of(body).model_dump(mode="json") | {"parcel": parcel.model_dump(mode="json")}
        await self._put(c, message, IMPORT, body.environment_id, body.backup_id, payload, await self._held_by(c, body))

    async def _held_by(self, c: Connection, body: BackupRequested) -> str | None:
        return await queries.work_in(c, environment_id=body.environment_id) or (ASKING if body.slot else None)

    async def on_backup_cancel_requested(self, c: Connection, message: Message[BackupCancelRequested]) -> None:
        """Ask for its end; manifest or tombstone decides how that is told."""
        await self._queue.cancel(c, message.body.backup_id, message.envelope.actor)

    async def on_work_begun(self, c: Connection, message: Message[Any]) -> None:
        """From now on backups of this environment wait."""
        await queries.open_work(c, environment_id=message.body.environment_id, work=_work(message))

    async def on_work_ended(self, c: Connection, message: Message[Any]) -> None:
        """What waited for it may run."""
        await queries.close_work(c, environment_id=message.body.environment_id, work=_work(message))
        await self._queue.release(c, _work(message))

    async def _put_check(self, c: Connection, message: Message[Body], environment_id: UUID, check_id: UUID) -> None:
        payload = {"check_id": str(check_id)}
        await self._put(c, message, CHECK, environment_id, check_id, payload, None)

    async def _put(  # noqa: PLR0913, PLR0917 -- each says one thing about the job
        self,
        c: Connection,
        message: Message[Any],
        kind: str,
        environment_id: UUID,
        job_id: UUID,
        payload: dict[str, Any],
        held_by: str | None,
    ) -> None:
        environment = await self._environments.find(c, environment_id, even_removed=True)
        job = NewJob(
            job_id=job_id,
            kind=kind,
            environment_id=environment_id,
            host=environment.host if environment else "",
            payload=payload,
            cause=Cause.of(message),
            key=message.envelope.key,
        )
        await self._queue.put(c, job, held_by=held_by)


def _work(message: Message[Any]) -> str:
    body = message.body
    for work in ("restore", "upload", "shred"):
        if work_id := getattr(body, f"{work}_id", None):
            return f"{work} {work_id}"
    raise TypeError(f"{type(body).__name__} is about no work that keeps an environment busy")
