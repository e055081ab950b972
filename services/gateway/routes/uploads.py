"""`/api/v1/uploads`: the uploads of data into an environment, and backups that are imported there."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from contracts.commands.uploads import CancelUpload, ImportBackup, RequestUpload
from contracts.events.backups import BackupKind
from contracts.streams import stream
from services.gateway.adapters.asked import told
from services.gateway.adapters.decisions import Intent
from services.gateway.adapters.tide import Mark
from services.gateway.adapters.waiting import with_trouble
from services.gateway.adapters.watching import watch_upload
from services.gateway.domain.paging import to_instant
from services.gateway.domain.refusals import NotFoundError, key_reused
from services.gateway.domain.rights import NEEDED_OF_SOURCE, Scope, Thing
from services.gateway.parts import Parts
from services.gateway.resources import Backup, NewImport, NewUpload, PageSize, Upload, UploadPage
from services.gateway.routes.calls import DESCRIBED, PartsOf, StillMayRead, intent_with, may
from services.gateway.routes.headers import READ_LAG_HEADER, location
from services.gateway.routes.settling import key_of, settle

router = APIRouter(prefix="/api/v1", tags=["uploads"], dependencies=[*DESCRIBED])

PINNED_AT: Final = 2
"""A safety backup is requested, then pinned, in one decision."""

Creating = Annotated[Intent, Depends(intent_with(Scope.CREATE))]
Restoring = Annotated[Intent, Depends(intent_with(Scope.RESTORE))]


@router.post("/environments/{environment_id}/uploads", status_code=202)
async def create_upload(
    environment_id: UUID, asked: NewUpload, parts: PartsOf, intent: Restoring, response: Response
) -> Upload:
    """Clear this environment, whose app is stopped, and fill it with what was sent; a safety backup comes first."""
    upload_id = intent.created_id("upload")
    key = await key_of(parts, environment_id)
    await parts.asked.must_be_the_same(intent, "upload", environment_id, told(asked))
    known = await parts.read_model.known_upload(upload_id)
    if known is not None:
        return known
    before = await parts.changes.accepted_before(intent, stream("catalog", "upload", upload_id))
    if before is not None:  # what was sent may be gone by now
        await parts.changes.readable(before, location=location("uploads", upload_id))
    else:
        await _request(parts, intent, environment_id, asked, key)
    upload = await parts.read_model.upload(upload_id)
    await _settle_safety_backup(parts, upload, response)
    return upload


async def _settle_safety_backup(parts: Parts, upload: Upload, response: Response) -> None:
    """It is told behind the upload, and can be read when its name is given away; else that is said."""
    if upload.safety_backup_id is None:
        return
    lag = await parts.tide.reach(Mark(stream("catalog", "backup", upload.safety_backup_id), PINNED_AT))
    if lag is not None:
        response.headers[READ_LAG_HEADER] = str(lag)


async def _request(parts: Parts, intent: Intent, environment_id: UUID, asked: NewUpload, key: str) -> None:
    needed = NEEDED_OF_SOURCE["create_upload"]
    await parts.permits.must(intent.caller, needed, Thing.PARCEL, asked.parcel_id)
    upload_id = intent.created_id("upload")
    parcel = await parts.parcels.sent(asked.parcel_id, environment_id, upload_id)
    body = RequestUpload(
        upload_id=upload_id,
        environment_id=environment_id,
        parcel=parcel,
        data_type=asked.data_type,
        safety_backup=asked.safety_backup,
    )
    await parts.changes.make(intent, body, key, location=location("uploads", upload_id))


@router.post("/environments/{environment_id}/imports", status_code=202)
async def import_backup(environment_id: UUID, asked: NewImport, parts: PartsOf, intent: Creating) -> Backup:
    """Make a backup of what was sent, a full archive: it is in this environment's list, and restored later."""
    backup_id = intent.created_id("backup")
    key = await key_of(parts, environment_id)
    known = await _accepted(parts, backup_id)
    await parts.asked.must_be_the_same(intent, "import", environment_id, told(asked))
    if known is not None:
        if known["kind"] != BackupKind.UPLOADED:
            raise key_reused()
        return Backup.model_validate(known)
    body = ImportBackup(
        backup_id=backup_id,
        environment_id=environment_id,
        parcel=await parts.parcels.sent(asked.parcel_id, environment_id, backup_id),
        comment=asked.comment,
        model_version=asked.model_version,
    )
    await parts.changes.decided(intent, body, key)
    return Backup.model_validate(await parts.read_model.accepted_backup(backup_id))


async def _accepted(parts: Parts, backup_id: UUID) -> dict[str, Any] | None:
    """What came of it before, read or not: what was sent may be gone by now."""
    try:
        return await parts.read_model.accepted_backup(backup_id)
    except NotFoundError:
        return None


@router.get("/environments/{environment_id}/uploads", dependencies=may(Scope.READ))
async def list_uploads(
    environment_id: UUID, parts: PartsOf, response: Response, after: str | None = None, limit: PageSize = 100
) -> UploadPage:
    """The uploads into an environment, newest first."""
    place = to_instant(after)
    await settle(parts, environment_id, response)
    await key_of(parts, environment_id)
    return await parts.read_model.uploads(environment_id, after=place, limit=limit)


@router.get("/uploads/{upload_id}", dependencies=may(Scope.READ))
async def show_upload(upload_id: UUID, parts: PartsOf, response: Response) -> Upload:
    """All about one upload."""
    found = await parts.read_model.upload(upload_id)
    await settle(parts, found.environment_id, response)
    return with_trouble(parts.progress, await parts.read_model.upload(upload_id), upload_id)


@router.post("/uploads/{upload_id}/cancel", status_code=202)
async def cancel_upload(upload_id: UUID, parts: PartsOf, intent: Restoring) -> Upload:
    """Stop an upload that has not switched yet; what it ends as is seen on the upload."""
    key = str((await parts.read_model.upload(upload_id)).app_id)
    body = CancelUpload(upload_id=upload_id)
    await parts.changes.make(intent, body, key, location=location("uploads", upload_id))
    return await parts.read_model.upload(upload_id)


async def _found(upload_id: UUID, parts: PartsOf) -> Upload:
    return await parts.read_model.upload(upload_id)


@router.get("/uploads/{upload_id}/progress", dependencies=may(Scope.READ), response_class=EventSourceResponse)
async def upload_progress(
    parts: PartsOf, upload: Annotated[Upload, Depends(_found)], still_may: StillMayRead
) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events: `state` with the upload, `progress` with a note, and a last `end` with the upload."""
    async for event in watch_upload(parts, upload, still_may):
        yield event
