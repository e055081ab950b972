"""What keeps a backup and what lets it go: deletion by hand, leases, what stopped to ask, and the nightly runs."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from contracts.commands.retention import AcquireLease, ApproveSchedule, ApproveSweep, DeleteBackup, ReleaseLease
from contracts.explanation import Explanation
from services.gateway.adapters.decisions import Intent
from services.gateway.domain.paging import to_day
from services.gateway.domain.rights import Scope
from services.gateway.resources import Backup, Environment, NewLease, PageSize, SlotPage
from services.gateway.routes.calls import DESCRIBED, PartsOf, intent_with, may
from services.gateway.routes.headers import location
from services.gateway.routes.settling import key_of, settle

router = APIRouter(prefix="/api/v1", tags=["retention"], dependencies=[*DESCRIBED])

Administering = Annotated[Intent, Depends(intent_with(Scope.ADMIN))]
Creating = Annotated[Intent, Depends(intent_with(Scope.CREATE))]
Deleting = Annotated[Intent, Depends(intent_with(Scope.DELETE))]
ConfirmLast = Annotated[bool, Query(description="also when no other completed backup of its environment is left")]
Erase = Annotated[bool, Query(description="rewrite what depends on it, so that nothing of it stays in the store")]


@router.delete("/backups/{backup_id}", status_code=204)
async def delete_backup(
    backup_id: UUID, parts: PartsOf, intent: Deleting, *, confirm_last: ConfirmLast = False, erase: Erase = False
) -> None:
    """Let a backup go before its expiry: from now on it is not found, its bytes go after a grace period.

    What later backups are stored against stays as long as they need it, and so do bytes that lie among theirs. With
    `erase` there is no grace: what is stored against it is rewritten, and a day or two later nothing of it is there,
    which `explain` then tells. That may be asked of a backup that was deleted or has expired, too.

    Refused while something holds it, which is then named; the last completed one of its environment goes only with
    `confirm_last`.
    """
    body = DeleteBackup(backup_id=backup_id, confirm_last=confirm_last, erase=erase)
    await parts.changes.make(intent, body, await parts.read_model.key_of_backup(backup_id), location=None)


@router.get("/backups/{backup_id}/explain", dependencies=may(Scope.READ))
async def explain_backup(backup_id: UUID, parts: PartsOf, response: Response) -> Explanation:
    """Why a backup is there or has gone, also years after its deletion: as data, and in sentences."""
    now = parts.clock.now()
    await settle(parts, (await parts.read_model.explained(backup_id, now)).environment_id, response)
    return await parts.read_model.explained(backup_id, now)


@router.post("/backups/{backup_id}/leases", status_code=201)
async def acquire_lease(backup_id: UUID, asked: NewLease, parts: PartsOf, intent: Creating) -> Backup:
    """Keep a backup while something works with it; it ends by itself at `until`, by PostgreSQL's clock."""
    body = AcquireLease(
        lease_id=asked.lease_id or intent.created_id("lease"),
        backup_id=backup_id,
        holder=asked.holder,
        until=asked.until,
    )
    key = await parts.read_model.key_of_backup(backup_id)
    await parts.changes.make(intent, body, key, location=location("backups", backup_id))
    return await parts.read_model.backup(backup_id, gone=True)


@router.delete("/backups/{backup_id}/leases/{lease_id}")
async def release_lease(backup_id: UUID, lease_id: UUID, parts: PartsOf, intent: Creating) -> Backup:
    """The work is over."""
    key = await parts.read_model.key_of_backup(backup_id)
    body = ReleaseLease(lease_id=lease_id, backup_id=backup_id)
    await parts.changes.make(intent, body, key, location=location("backups", backup_id))
    return await parts.read_model.backup(backup_id, gone=True)


@router.post("/environments/{environment_id}/sweeps/{sweep_id}/approve")
async def approve_sweep(environment_id: UUID, sweep_id: UUID, parts: PartsOf, intent: Administering) -> Environment:
    """Let a sweep go on that stopped, since it would have let too much go at once."""
    key = await key_of(parts, environment_id)
    body = ApproveSweep(environment_id=environment_id, sweep_id=sweep_id)
    await parts.changes.make(intent, body, key, location=location("environments", environment_id))
    return await parts.read_model.environment(environment_id, gone=True)


@router.post("/environments/{environment_id}/schedule-stops/{stop_id}/approve")
async def approve_schedule(environment_id: UUID, stop_id: UUID, parts: PartsOf, intent: Administering) -> Environment:
    """Let a nightly schedule go on that stopped, since too many nights would have been missed at once."""
    key = await key_of(parts, environment_id)
    body = ApproveSchedule(environment_id=environment_id, stop_id=stop_id)
    await parts.changes.make(intent, body, key, location=location("environments", environment_id))
    return await parts.read_model.environment(environment_id, gone=True)


@router.get("/environments/{environment_id}/slots", dependencies=may(Scope.READ))
async def list_slots(
    environment_id: UUID, parts: PartsOf, response: Response, after: str | None = None, limit: PageSize = 100
) -> SlotPage:
    """The expected nightly runs of an environment, newest first, each with how it ended."""
    place = to_day(after)
    await settle(parts, environment_id, response)
    await key_of(parts, environment_id)
    return await parts.read_model.slots(environment_id, after=place, limit=limit)
