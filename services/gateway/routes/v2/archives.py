"""`…/snapshots/{id}/archives`: a snapshot made downloadable."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request

from contracts.errors import RejectionCode
from contracts.events.archives import DataType
from services.gateway.adapters.archives import no_archive
from services.gateway.adapters.decisions import Intent
from services.gateway.domain.refusals import RefusalError
from services.gateway.domain.rights import Scope
from services.gateway.resources import Backup
from services.gateway.resources.v2 import SnapshotArchive
from services.gateway.routes.archives import asked, with_last_link
from services.gateway.routes.calls import DESCRIBED, PartsOf, intent_with, may
from services.gateway.routes.v2.places import PREFIX, Place, snapshot_document

router = APIRouter(prefix=f"{PREFIX}/snapshots/{{snapshot_id}}/archives", tags=["v2"], dependencies=[*DESCRIBED])

Reading = Annotated[Intent, Depends(intent_with(Scope.READ))]
TYPES: Final = tuple(DataType)
Wanted = Annotated[str, Query(json_schema_extra={"enum": list(TYPES)})]


@router.post("")
async def create_snapshot_archive(  # noqa: PLR0913, PLR0917 -- one parameter for each thing that a request has
    snapshot_id: UUID,
    intent: Reading,
    place: Place,
    parts: PartsOf,
    request: Request,
    data_type: Wanted = DataType.FILES_AND_DATABASE,
) -> SnapshotArchive:
    """Have a snapshot made downloadable; asking again gives the one on its way, or more time of the ready one."""
    wanted = _known(data_type)
    backup = Backup.model_validate(await snapshot_document(parts, place, snapshot_id))
    return SnapshotArchive.of(with_last_link(parts, await asked(parts, intent, backup, wanted), request))


@router.get("/{archive_id}", dependencies=may(Scope.READ))
async def show_snapshot_archive(
    snapshot_id: UUID, archive_id: UUID, place: Place, parts: PartsOf, request: Request
) -> SnapshotArchive:
    """One archive; once it is completed, `url` needs no key for eight hours."""
    await snapshot_document(parts, place, snapshot_id)
    archive = await parts.archives.find(archive_id)
    if archive.backup_id != snapshot_id:
        raise no_archive()
    return SnapshotArchive.of(with_last_link(parts, archive, request))


def _known(data_type: str) -> DataType:
    if data_type not in TYPES:
        said = f"data_type: it is one of {', '.join(TYPES)}"
        raise RefusalError(400, RejectionCode.UNSUPPORTED, said, field="data_type")
    return DataType(data_type)
