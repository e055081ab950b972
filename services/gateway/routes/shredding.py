"""`/api/v1/environments/…/shredding`: all backups of an environment are made unreadable for good."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from contracts.commands.retention import ShredBackups
from services.gateway.adapters.decisions import Intent
from services.gateway.domain.rights import Scope
from services.gateway.resources import NewShredding, Shredding
from services.gateway.routes.calls import DESCRIBED, PartsOf, intent_with, may
from services.gateway.routes.headers import location
from services.gateway.routes.settling import found, key_of, settle

router = APIRouter(prefix="/api/v1/environments/{environment_id}", tags=["retention"], dependencies=[*DESCRIBED])

Administering = Annotated[Intent, Depends(intent_with(Scope.ADMIN))]


@router.post("/shredding", status_code=202)
async def shred_backups(environment_id: UUID, asked: NewShredding, parts: PartsOf, intent: Administering) -> Shredding:
    """Make all backups of an environment unreadable for good, by destroying its keys; nobody can bring them back.

    Of a removed environment, too. Refused while a backup, a restore or a download is under way there, and while one of
    them is pinned; what is in the way is named. What it leaves is told at its end.
    """
    key = await key_of(parts, environment_id)
    body = ShredBackups(
        shred_id=intent.created_id("shredding"), environment_id=environment_id, confirm_name=asked.confirm_name
    )
    await parts.changes.make(intent, body, key, location=f"{location('environments', environment_id)}/shredding")
    return await parts.read_model.shredding(environment_id)


@router.get("/shredding", dependencies=may(Scope.READ))
async def show_shredding(environment_id: UUID, parts: PartsOf, response: Response) -> Shredding:
    """The newest shredding of an environment's backups: how far it is, and what it left."""
    await settle(parts, environment_id, response)
    return await found(parts, environment_id, lambda: parts.read_model.shredding(environment_id))
