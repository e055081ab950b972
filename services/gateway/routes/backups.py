"""`/api/v1/backups`, and the backups of an environment."""

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from contracts.commands.backups import CancelBackup, CommentBackup, PinBackup, RequestBackup, UnpinBackup
from contracts.envelope import Command
from services.gateway.adapters.decisions import Intent
from services.gateway.adapters.waiting import with_trouble
from services.gateway.adapters.watching import watch_backup
from services.gateway.domain.paging import to_instant
from services.gateway.domain.policies import preview
from services.gateway.domain.rights import Scope
from services.gateway.parts import Parts
from services.gateway.resources import Backup, BackupPage, BackupPreview, CommentText, NewBackup, NewPin, PageSize
from services.gateway.routes.calls import DESCRIBED, PartsOf, StillMayRead, intent_with, may
from services.gateway.routes.headers import location
from services.gateway.routes.settling import key_of, settle

router = APIRouter(prefix="/api/v1", tags=["backups"], dependencies=[*DESCRIBED])

Creating = Annotated[Intent, Depends(intent_with(Scope.CREATE))]


@router.post("/environments/{environment_id}/backups", status_code=202)
async def create_backup(
    environment_id: UUID, parts: PartsOf, intent: Creating, asked: NewBackup | None = None
) -> Backup:
    """Back an environment up: its database and its file documents, as one unit. The expiry is known at once."""
    key = await key_of(parts, environment_id)
    backup_id = intent.created_id("backup")
    wanted = asked or NewBackup()
    body = RequestBackup(backup_id=backup_id, environment_id=environment_id, **dict(wanted))
    await parts.changes.decided(intent, body, key)
    return Backup.model_validate(await parts.read_model.accepted_backup(backup_id))


@router.get("/environments/{environment_id}/backups", dependencies=may(Scope.READ))
async def list_backups(
    environment_id: UUID, parts: PartsOf, response: Response, after: str | None = None, limit: PageSize = 100
) -> BackupPage:
    """An environment's backups, newest first; those of a removed one too, until they expire."""
    place = to_instant(after)
    await settle(parts, environment_id, response)
    await key_of(parts, environment_id)
    return await parts.read_model.backups(environment_id, after=place, limit=limit)


@router.get("/environments/{environment_id}/backups/preview", dependencies=may(Scope.READ))
async def preview_backup(environment_id: UUID, parts: PartsOf, response: Response) -> BackupPreview:
    """The tiers and the expiry that a backup gets which is asked for now; nothing is made."""
    await settle(parts, environment_id, response)
    environment = await parts.read_model.environment(environment_id)
    in_force = await parts.policies.of_environment(environment_id)
    return preview(environment, in_force.policy, parts.clock.now())


@router.get("/backups/{backup_id}", dependencies=may(Scope.READ))
async def show_backup(backup_id: UUID, parts: PartsOf, response: Response) -> Backup:
    """All about one backup."""
    found = await parts.read_model.backup(backup_id)
    await settle(parts, found.environment_id, response)
    return with_trouble(parts.progress, await parts.read_model.backup(backup_id), backup_id)


@router.put("/backups/{backup_id}/comment")
async def comment_backup(backup_id: UUID, asked: CommentText, parts: PartsOf, intent: Creating) -> Backup:
    """Replace a backup's comment."""
    return await _change(parts, intent, CommentBackup(backup_id=backup_id, comment=asked.comment), backup_id)


@router.put("/backups/{backup_id}/pin")
async def pin_backup(backup_id: UUID, parts: PartsOf, intent: Creating, asked: NewPin | None = None) -> Backup:
    """Keep a backup past its expiry."""
    body = PinBackup(backup_id=backup_id, reason=asked.reason if asked else "")
    return await _change(parts, intent, body, backup_id)


@router.delete("/backups/{backup_id}/pin")
async def unpin_backup(backup_id: UUID, parts: PartsOf, intent: Creating) -> Backup:
    """Let a backup expire again."""
    return await _change(parts, intent, UnpinBackup(backup_id=backup_id), backup_id)


@router.post("/backups/{backup_id}/cancel", status_code=202)
async def cancel_backup(backup_id: UUID, parts: PartsOf, intent: Creating) -> Backup:
    """Stop a backup that is queued or running; what it ends as is seen on the backup."""
    return await _change(parts, intent, CancelBackup(backup_id=backup_id), backup_id)


async def _found(backup_id: UUID, parts: PartsOf) -> Backup:
    return await parts.read_model.backup(backup_id)


@router.get("/backups/{backup_id}/progress", dependencies=may(Scope.READ), response_class=EventSourceResponse)
async def backup_progress(
    parts: PartsOf, backup: Annotated[Backup, Depends(_found)], still_may: StillMayRead
) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events: `state` with the backup, `progress` with a note, and a last `end` with the backup."""
    async for event in watch_backup(parts, backup, still_may):
        yield event


async def _change(parts: Parts, intent: Intent, body: Command, backup_id: UUID) -> Backup:
    key = await parts.read_model.key_of_backup(backup_id)
    await parts.changes.make(intent, body, key, location=location("backups", backup_id))
    return await parts.read_model.backup(backup_id, gone=True)
