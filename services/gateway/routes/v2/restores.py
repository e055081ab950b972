"""`…/restores`: a snapshot of the same app into this environment."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends

from contracts.commands.restores import RequestRestore
from contracts.errors import RejectionCode
from services.gateway.adapters.decisions import Intent
from services.gateway.domain.refusals import NotFoundError
from services.gateway.domain.rights import Scope
from services.gateway.parts import Parts
from services.gateway.resources.v2 import SnapshotRestore
from services.gateway.routes.calls import DESCRIBED, PartsOf, intent_with, may, must_of_source
from services.gateway.routes.v2.places import PREFIX, Place, make

router = APIRouter(prefix=f"{PREFIX}/restores", tags=["v2"], dependencies=[*DESCRIBED])

Restoring = Annotated[Intent, Depends(intent_with(Scope.RESTORE))]
TRUE: Final = frozenset({"true", "1", "yes", "y", "on", "t"})
"""Scripts spell it in many ways; whatever else is said means no."""


@router.post("")
async def create_snapshot_restore(
    source_snapshot_id: UUID, intent: Restoring, place: Place, parts: PartsOf, db_only: str = "false"
) -> SnapshotRestore:
    """Bring a snapshot into this environment, from it or from another one of the app."""
    await must_of_source(parts, intent, "create_snapshot_restore", source_snapshot_id)
    restore_id = intent.created_id("restore")
    body = RequestRestore(
        restore_id=restore_id,
        backup_id=source_snapshot_id,
        environment_id=place.environment_id,
        database_only=db_only.strip().lower() in TRUE,
    )
    await make(parts, intent, body, place)
    return await _restore(parts, place, restore_id)


@router.get("/{restore_id}", dependencies=may(Scope.READ))
async def show_snapshot_restore(restore_id: UUID, place: Place, parts: PartsOf) -> SnapshotRestore:
    """One restore into this environment."""
    return await _restore(parts, place, restore_id)


async def _restore(parts: Parts, place: Place, restore_id: UUID) -> SnapshotRestore:
    document = await parts.read_model.restore_document(restore_id)
    if document is None or document["environment_id"] != str(place.environment_id):
        raise NotFoundError(RejectionCode.NOT_FOUND, "there is no restore with this id into this environment")
    return SnapshotRestore.of(document)
