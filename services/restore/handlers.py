"""What the restore service does when the log tells of something: one function for each event, in milliseconds."""

from typing import Any, Final
from uuid import UUID

from contracts.envelope import Cause, Message
from contracts.events.apps import EnvironmentUpdated, HookCallRequested
from contracts.events.backups import BackupCompleted, BackupFailed
from contracts.events.restores import (
    PreflightCancelRequested,
    PreflightRequested,
    RestoreCancelRequested,
    RestoreGraceEnded,
    RestoreRequested,
    RestoreUndoRequested,
)
from contracts.events.uploads import UploadCancelRequested, UploadRequested
from services.platform.database import Connection
from services.platform.environments import Environments, find
from services.platform.jobs import JobQueue, NewJob
from services.platform.messaging.follower import Reactions

RESTORE: Final = "restore"
UNDO: Final = "undo"
REMOVE: Final = "remove"
PREFLIGHT: Final = "preflight"
UPLOAD: Final = "upload"
HOOK: Final = "hook"


class Handlers:
    """Turns requests into jobs."""

    def __init__(self, queue: JobQueue, environments: Environments) -> None:
        self._queue = queue
        self._environments = environments

    def reactions(self) -> Reactions:
        """Which event is answered by what."""
        return {
            **self._environments.reactions(),
            EnvironmentUpdated: self.on_environment_updated,
            RestoreRequested: self.on_restore_requested,
            RestoreCancelRequested: self.on_restore_cancel_requested,
            RestoreUndoRequested: self.on_restore_undo_requested,
            RestoreGraceEnded: self.on_restore_grace_ended,
            PreflightRequested: self.on_preflight_requested,
            PreflightCancelRequested: self.on_preflight_cancel_requested,
            UploadRequested: self.on_upload_requested,
            UploadCancelRequested: self.on_upload_cancel_requested,
            HookCallRequested: self.on_hook_call_requested,
            BackupCompleted: self.on_backup_ended,
            BackupFailed: self.on_backup_ended,
        }

    async def on_environment_updated(self, c: Connection, message: Message[EnvironmentUpdated]) -> None:
        """Know it as it is now; without its hook, the platform is asked nothing any more."""
        await self._environments.on_environment_described(c, message)
        if message.body.hook is None:
            await self._queue.cancel_all(c, HOOK, message.body.environment_id, message.envelope.actor)

    async def on_restore_requested(self, c: Connection, message: Message[RestoreRequested]) -> None:
        """Restore."""
        await self._put(c, message, RESTORE, message.body.restore_id)

    async def on_restore_cancel_requested(self, c: Connection, message: Message[RestoreCancelRequested]) -> None:
        """Stop it, if its switch has not been begun."""
        await self._queue.cancel(c, message.body.restore_id, message.envelope.actor)

    async def on_restore_undo_requested(self, c: Connection, message: Message[RestoreUndoRequested]) -> None:
        """Undo; each request is a job of its own, since one that failed may be asked for again."""
        await self._put(c, message, UNDO, message.envelope.id)

    async def on_restore_grace_ended(self, c: Connection, message: Message[RestoreGraceEnded]) -> None:
        """Remove what was replaced."""
        await self._put(c, message, REMOVE, message.envelope.id)

    async def on_preflight_requested(self, c: Connection, message: Message[PreflightRequested]) -> None:
        """Look."""
        await self._put(c, message, PREFLIGHT, message.body.preflight_id)

    async def on_preflight_cancel_requested(self, c: Connection, message: Message[PreflightCancelRequested]) -> None:
        """Look no further."""
        await self._queue.cancel(c, message.body.preflight_id, message.envelope.actor)

    async def on_upload_requested(self, c: Connection, message: Message[UploadRequested]) -> None:
        """Upload, as soon as its safety backup has ended."""
        safety = message.body.safety_backup_id
        await self._put(c, message, UPLOAD, message.body.upload_id, held_by=_backup(safety) if safety else None)

    async def on_upload_cancel_requested(self, c: Connection, message: Message[UploadCancelRequested]) -> None:
        """Stop it, if its switch has not been begun."""
        await self._queue.cancel(c, message.body.upload_id, message.envelope.actor)

    async def on_hook_call_requested(self, c: Connection, message: Message[HookCallRequested]) -> None:
        """Ask the platform."""
        await self._put(c, message, HOOK, message.body.call_id)

    async def on_backup_ended(self, c: Connection, message: Message[Any]) -> None:
        """Let the upload go that waited for it; how the backup ended, the work sees for itself."""
        await self._queue.release(c, _backup(message.body.backup_id))

    async def _put(
        self, c: Connection, message: Message[Any], kind: str, job_id: UUID, *, held_by: str | None = None
    ) -> None:
        environment_id = message.body.environment_id
        known = await find(c, environment_id, even_removed=True)
        await self._queue.put(
            c,
            NewJob(
                job_id=job_id,
                kind=kind,
                environment_id=environment_id,
                host=known.host if known else "",
                payload=message.body.model_dump(mode="json"),
                cause=Cause.of(message),
                key=message.envelope.key,
            ),
            held_by=held_by,
        )


def _backup(backup_id: UUID) -> str:
    return f"backup {backup_id}"
