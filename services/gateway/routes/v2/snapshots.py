"""`…/snapshots`: what everybody else calls backups."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import ValidationError

from contracts.commands.backups import CommentBackup, RequestBackup
from contracts.commands.retention import DeleteBackup
from contracts.errors import RejectionCode
from services.gateway.adapters.decisions import Intent
from services.gateway.adapters.steady import Reader
from services.gateway.domain.refusals import RefusalError
from services.gateway.domain.rights import Caller, Scope
from services.gateway.parts import Parts
from services.gateway.resources.v2 import Snapshot, SnapshotPage
from services.gateway.routes.calls import DESCRIBED, PartsOf, caller_with, intent_with, may
from services.gateway.routes.v2.places import BODY, PREFIX, Place, comment_in, make, snapshot_document

router = APIRouter(prefix=f"{PREFIX}/snapshots", tags=["v2"], dependencies=[*DESCRIBED])

Creating = Annotated[Intent, Depends(intent_with(Scope.CREATE))]
Deleting = Annotated[Intent, Depends(intent_with(Scope.DELETE))]
FURTHEST: Final = 10**9
"""More backups than any environment has."""
Reading = Annotated[Caller, Depends(caller_with(Scope.READ))]
Offset = Annotated[int, Query(ge=0, le=FURTHEST)]
Limit = Annotated[int, Query(ge=1)]
LARGEST_PAGE: Final = 10_000
"""More than any list has by the rules of retention; who asks for more gets so many, and is told that it was so many."""


@router.get("")
async def list_snapshots(
    caller: Reading, place: Place, parts: PartsOf, offset: Offset = 0, limit: Limit = 100
) -> SnapshotPage:
    """Newest first; a list that was begun at offset 0 holds still while backups are added."""
    limit = min(limit, LARGEST_PAGE)
    reader = Reader(caller.key_id, place.environment_id)
    top = await parts.steady_lists.top(reader) if offset else None
    found = await parts.read_model.snapshots(place.environment_id, top=top, offset=offset, limit=limit)
    if not offset:
        await parts.steady_lists.begin(reader, found.newest)
    shown = [Snapshot.of(document) for document in found.documents]
    return SnapshotPage(snapshots=shown, total=found.total, offset=offset, limit=limit)


@router.post("", openapi_extra=BODY)
async def create_snapshot(intent: Creating, place: Place, request: Request, parts: PartsOf) -> Snapshot:
    """Back the environment up."""
    backup_id = intent.created_id("backup")
    body = _checked(RequestBackup, backup_id, await comment_in(request), environment_id=place.environment_id)
    await parts.changes.decided(intent, body, str(place.app_id))
    return Snapshot.of(await parts.read_model.accepted_backup(backup_id))


@router.get("/{snapshot_id}", dependencies=may(Scope.READ))
async def show_snapshot(snapshot_id: UUID, place: Place, parts: PartsOf) -> Snapshot:
    """One snapshot."""
    return await _snapshot(parts, place, snapshot_id)


@router.put("/{snapshot_id}", openapi_extra=BODY)
async def comment_snapshot(
    snapshot_id: UUID, intent: Creating, place: Place, request: Request, parts: PartsOf
) -> Snapshot:
    """Replace its comment; `updated_at` stays."""
    await snapshot_document(parts, place, snapshot_id, gone=True)
    comment = await comment_in(request)
    if comment is None:
        raise RefusalError(400, RejectionCode.INVALID_PARAMETERS, "comment: it is missing", field="comment")
    await make(parts, intent, _checked(CommentBackup, snapshot_id, comment), place)
    return await _snapshot(parts, place, snapshot_id, gone=True)


@router.delete("/{snapshot_id}", status_code=204)
async def delete_snapshot(
    snapshot_id: UUID, intent: Deleting, place: Place, parts: PartsOf, *, confirm_last: bool = False
) -> None:
    """Let it go; from now on it is neither listed nor found."""
    await snapshot_document(parts, place, snapshot_id, gone=True)
    await make(parts, intent, DeleteBackup(backup_id=snapshot_id, confirm_last=confirm_last), place)


async def _snapshot(parts: Parts, place: Place, snapshot_id: UUID, *, gone: bool = False) -> Snapshot:
    return Snapshot.of(await snapshot_document(parts, place, snapshot_id, gone=gone))


def _checked(
    command: type[RequestBackup] | type[CommentBackup], backup_id: UUID, comment: str | None, **more: UUID
) -> RequestBackup | CommentBackup:
    try:
        return command.model_validate({"backup_id": backup_id, "comment": comment or "", **more})
    except ValidationError as error:
        said = f"comment: {error.errors(include_url=False)[0]['msg']}"
        raise RefusalError(400, RejectionCode.INVALID_PARAMETERS, said, field="comment") from error
