"""`/api/v1/restores` and `/preflights`, and the restores into an environment."""

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from contracts.commands.restores import CancelPreflight, CancelRestore, RequestPreflight, RequestRestore, UndoRestore
from contracts.envelope import Command
from contracts.errors import RejectionCode
from services.gateway.adapters.decisions import Intent
from services.gateway.adapters.findings import preflight_done
from services.gateway.adapters.waiting import with_trouble
from services.gateway.adapters.watching import watch_restore
from services.gateway.domain.paging import to_instant
from services.gateway.domain.refusals import RefusalError, rejection
from services.gateway.domain.rights import Scope
from services.gateway.parts import Parts
from services.gateway.resources import NewRestore, PageSize, Preflight, Restore, RestorePage
from services.gateway.routes.calls import DESCRIBED, PartsOf, StillMayRead, intent_with, may, must_of_source
from services.gateway.routes.headers import location
from services.gateway.routes.settling import key_of, settle

router = APIRouter(prefix="/api/v1", tags=["restores"], dependencies=[*DESCRIBED])

Restoring = Annotated[Intent, Depends(intent_with(Scope.RESTORE))]
WaitSeconds = Annotated[float, Query(ge=0, le=20, description="how long to wait for the preflight's end")]
DryRun = Annotated[bool, Query(description="only look whether it would go well: the answer is a preflight")]


@router.post("/environments/{environment_id}/restores", status_code=202)
async def create_restore(  # noqa: PLR0913 -- the address, the body, the query and who asks
    environment_id: UUID,
    asked: NewRestore,
    parts: PartsOf,
    intent: Restoring,
    *,
    dry_run: DryRun = False,
    wait_seconds: WaitSeconds = 15.0,
) -> Restore | Preflight:
    """Bring a backup of the same app into this environment, the destination."""
    if dry_run:
        return await create_preflight(environment_id, asked, parts, intent, wait_seconds)
    await must_of_source(parts, intent, "create_restore", asked.backup_id)
    key = await key_of(parts, environment_id)
    restore_id = intent.created_id("restore")
    body = RequestRestore(
        restore_id=restore_id,
        backup_id=asked.backup_id,
        environment_id=environment_id,
        database_only=asked.database_only,
    )
    await parts.changes.make(intent, body, key, location=location("restores", restore_id))
    return await parts.read_model.restore(restore_id)


@router.get("/environments/{environment_id}/restores", dependencies=may(Scope.READ))
async def list_restores(
    environment_id: UUID, parts: PartsOf, response: Response, after: str | None = None, limit: PageSize = 100
) -> RestorePage:
    """The restores into an environment, newest first."""
    place = to_instant(after)
    await settle(parts, environment_id, response)
    await key_of(parts, environment_id)
    return await parts.read_model.restores(environment_id, after=place, limit=limit)


@router.get("/restores/{restore_id}", dependencies=may(Scope.READ))
async def show_restore(restore_id: UUID, parts: PartsOf, response: Response) -> Restore:
    """All about one restore."""
    found = await parts.read_model.restore(restore_id)
    await settle(parts, found.environment_id, response)
    return with_trouble(parts.progress, await parts.read_model.restore(restore_id), restore_id)


@router.post("/restores/{restore_id}/cancel", status_code=202)
async def cancel_restore(restore_id: UUID, parts: PartsOf, intent: Restoring) -> Restore:
    """Stop a restore that has not switched yet; what it ends as is seen on the restore."""
    return await _change(parts, intent, CancelRestore(restore_id=restore_id), restore_id)


@router.post("/restores/{restore_id}/undo", status_code=202)
async def undo_restore(restore_id: UUID, parts: PartsOf, intent: Restoring) -> Restore:
    """Bring back what a restore replaced, within its grace."""
    return await _change(parts, intent, UndoRestore(restore_id=restore_id), restore_id)


async def _found(restore_id: UUID, parts: PartsOf) -> Restore:
    return await parts.read_model.restore(restore_id)


@router.get("/restores/{restore_id}/progress", dependencies=may(Scope.READ), response_class=EventSourceResponse)
async def restore_progress(
    parts: PartsOf, restore: Annotated[Restore, Depends(_found)], still_may: StillMayRead
) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events: `state` with the restore, `progress` with a note, and a last `end` with the restore."""
    async for event in watch_restore(parts, restore, still_may):
        yield event


@router.post("/environments/{environment_id}/preflights", status_code=202)
async def create_preflight(
    environment_id: UUID, asked: NewRestore, parts: PartsOf, intent: Restoring, wait_seconds: WaitSeconds = 15.0
) -> Preflight:
    """Look whether a restore would go well and change nothing; the answer waits for what is found."""
    await must_of_source(parts, intent, "create_preflight", asked.backup_id)
    key = await key_of(parts, environment_id)
    preflight_id = intent.created_id("preflight")
    body = RequestPreflight(
        preflight_id=preflight_id,
        backup_id=asked.backup_id,
        environment_id=environment_id,
        database_only=asked.database_only,
    )
    await parts.changes.make(intent, body, key, location=location("preflights", preflight_id))
    return await preflight_done(parts, preflight_id, wait_seconds)


@router.get("/preflights/{preflight_id}", dependencies=may(Scope.READ))
async def show_preflight(preflight_id: UUID, parts: PartsOf) -> Preflight:
    """One preflight."""
    return await parts.read_model.preflight(preflight_id)


@router.post("/preflights/{preflight_id}/cancel", status_code=202)
async def cancel_preflight(
    preflight_id: UUID, parts: PartsOf, intent: Restoring, wait_seconds: WaitSeconds = 15.0
) -> Preflight:
    """Stop a preflight that waits or looks: it fails then, and a finding says who cancelled it."""
    found = await parts.read_model.preflight(preflight_id)
    if found.state != "running" and not await parts.changes.is_decided(intent):
        raise _has_ended(found)
    key, body = await key_of(parts, found.environment_id), CancelPreflight(preflight_id=preflight_id)
    await parts.changes.make(intent, body, key, location=location("preflights", preflight_id))
    return await preflight_done(parts, preflight_id, wait_seconds)


def _has_ended(preflight: Preflight) -> RefusalError:
    """Told here too: of those that ended in an earlier release the catalog does not know that they have."""
    reason = f"this preflight has {preflight.state}: there is nothing to cancel"
    return rejection(RejectionCode.NOT_ALLOWED, reason, "preflight_id")


async def _change(parts: Parts, intent: Intent, body: Command, restore_id: UUID) -> Restore:
    key = str((await parts.read_model.restore(restore_id)).app_id)
    await parts.changes.make(intent, body, key, location=location("restores", restore_id))
    return await parts.read_model.restore(restore_id)
