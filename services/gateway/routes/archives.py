"""`/api/v1/archives`, and the archives of a backup."""

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from contracts.events.archives import DataType
from services.gateway.adapters.archives import last_link_of, link_of
from services.gateway.adapters.decisions import Intent
from services.gateway.adapters.watching import watch_archive
from services.gateway.domain.links import Link, address
from services.gateway.domain.paging import to_instant
from services.gateway.domain.rights import Scope
from services.gateway.parts import Parts
from services.gateway.resources import Archive, ArchivePage, Backup, PageSize
from services.gateway.routes.calls import DESCRIBED, PartsOf, StillMayRead, intent_with, may
from services.gateway.routes.headers import location
from services.gateway.routes.settling import settle

router = APIRouter(prefix="/api/v1", tags=["archives"], dependencies=[*DESCRIBED])

Reading = Annotated[Intent, Depends(intent_with(Scope.READ))]


@router.post("/backups/{backup_id}/archives", status_code=202)
async def create_archive(  # noqa: PLR0913, PLR0917 -- one parameter for each thing that a request has
    backup_id: UUID,
    parts: PartsOf,
    intent: Reading,
    request: Request,
    response: Response,
    data_type: DataType = DataType.FILES_AND_DATABASE,
) -> Archive:
    """Have a backup made downloadable; asking again gives the one that is ready or on its way, its link's time anew.

    Nothing is stored but how its bytes are made: the answer's `url` works once the state is `completed`.
    """
    found = await parts.read_model.backup(backup_id)
    await settle(parts, found.environment_id, response)
    archive = await asked(parts, intent, await parts.read_model.backup(backup_id), data_type)
    response.headers["Location"] = location("archives", archive.archive_id)
    return with_link(parts, archive, request)


@router.get("/backups/{backup_id}/archives", dependencies=may(Scope.READ))
async def list_archives(
    backup_id: UUID, parts: PartsOf, request: Request, after: str | None = None, limit: PageSize = 100
) -> ArchivePage:
    """A backup's archives, newest first; those that are over too, without a link."""
    place = to_instant(after)
    await parts.read_model.backup(backup_id)
    found = await parts.archives.of_backup(backup_id, after=place, limit=limit)
    return found.model_copy(update={"archives": [with_link(parts, one, request) for one in found.archives]})


@router.get("/archives/{archive_id}", dependencies=may(Scope.READ))
async def show_archive(archive_id: UUID, parts: PartsOf, request: Request) -> Archive:
    """One archive."""
    return with_link(parts, await parts.archives.find(archive_id), request)


@router.post("/archives/{archive_id}/cancel", status_code=202)
async def cancel_archive(archive_id: UUID, parts: PartsOf, intent: Reading) -> Archive:
    """Stop an archive that is queued or running, which has failed then, or end the link of one that is ready.

    Nobody can download it from then on, what is being downloaded is cut off within seconds, and its backup is kept for
    it no longer. Whoever may ask for it may cancel it, and asking again makes a new one.
    """
    return await parts.archives.cancel(intent, archive_id)


async def _found(archive_id: UUID, parts: PartsOf, request: Request) -> Archive:
    return with_link(parts, await parts.archives.find(archive_id), request)


@router.get("/archives/{archive_id}/progress", dependencies=may(Scope.READ), response_class=EventSourceResponse)
async def archive_progress(
    parts: PartsOf, request: Request, archive: Annotated[Archive, Depends(_found)], still_may: StillMayRead
) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events: `state` with the archive, `progress` with a note, and a last `end` with the archive."""

    async def look() -> Archive:
        return with_link(parts, await parts.archives.find(archive.archive_id), request)

    async for event in watch_archive(parts, archive, look, still_may):
        yield event


async def asked(parts: Parts, intent: Intent, backup: Backup, data_type: DataType) -> Archive:
    """The archive that somebody asks for; a link that is there has its full time again. Raises RefusalError."""
    return await parts.renewals.renewed(intent, backup, await parts.archives.ask(intent, backup, data_type))


def with_link(parts: Parts, archive: Archive, request: Request) -> Archive:
    """The archive with its link, as long as there is one: the caller's own, under the address that people know."""
    return _under(link_of(archive), parts, archive, request)


def with_last_link(parts: Parts, archive: Archive, request: Request) -> Archive:
    """The archive with its link, also when that is over and answers 403."""
    return _under(last_link_of(archive), parts, archive, request)


def _under(link: Link | None, parts: Parts, archive: Archive, request: Request) -> Archive:
    if link is None:
        return archive
    given = link._replace(given_to=str(request.state.caller.user_id))
    base = parts.public_url or str(request.base_url)
    return archive.model_copy(update={"url": base.rstrip("/") + address(given, parts.archives.link_key)})
