"""A backup whose catalog was lost is brought back from its manifest in the bucket (README, "Operating it")."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from contracts.commands.backups import RecoverBackup
from services.gateway.adapters.decisions import Intent
from services.gateway.domain.rights import Scope
from services.gateway.resources import Backup
from services.gateway.routes.calls import DESCRIBED, PartsOf, intent_with
from services.gateway.routes.headers import location
from services.gateway.routes.settling import key_of

router = APIRouter(prefix="/api/v1/environments/{environment_id}", tags=["backups"], dependencies=[*DESCRIBED])

Administering = Annotated[Intent, Depends(intent_with(Scope.ADMIN))]


@router.put("/recovered-backups/{backup_id}", status_code=202)
async def recover_backup(environment_id: UUID, backup_id: UUID, parts: PartsOf, intent: Administering) -> Backup:
    """Make a backup's entry again that is in the bucket and in no catalog: its expiry is the one that it was given.

    The environment must be registered under the id that it had, in an app that has its own. What the manifest does not
    tell is lost: later comments and policies, pins, and that somebody had deleted it within the last day. One whose
    time is over is pinned, and goes when it is unpinned.
    """
    key = await key_of(parts, environment_id)
    entry = await parts.contents.entry(environment_id, backup_id)
    body = RecoverBackup(backup_id=backup_id, environment_id=environment_id, entry=entry)
    await parts.changes.make(intent, body, key, location=location("backups", backup_id))
    return await parts.read_model.backup(backup_id, gone=True)
