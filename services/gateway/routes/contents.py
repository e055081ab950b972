"""What is in a backup, under `/api/v1/backups`: listed, and one document or table fetched without a restore."""

from collections.abc import AsyncGenerator
from typing import Annotated, Final
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from services.gateway.adapters.downloads import Begun
from services.gateway.domain import rights
from services.gateway.domain.paging import to_numbered
from services.gateway.resources import FilePage, PageSize, TableList
from services.gateway.routes.calls import PartsOf, may
from services.gateway.routes.closing import Closing
from services.gateway.routes.raw import OCTETS, content

router = APIRouter(prefix="/api/v1", tags=["contents"])

NAME_CHARACTERS: Final = 200

TableName = Annotated[str, Path(min_length=1, max_length=NAME_CHARACTERS, description="`table`, or `schema.table`")]
Sizes = Annotated[bool, Query(description="read the whole dump, and tell how large the rows of each table are")]


@router.get("/backups/{backup_id}/files", dependencies=may(rights.Scope.READ))
async def list_files(backup_id: UUID, parts: PartsOf, after: str | None = None, limit: PageSize = 100) -> FilePage:
    """A backup's file documents by id; a page reads the part of the list that it is in, and no more."""
    place = to_numbered(after)
    return await parts.contents.files(await parts.read_model.backup(backup_id), after=place, limit=limit)


@router.get("/backups/{backup_id}/tables", dependencies=may(rights.Scope.READ))
async def list_tables(backup_id: UUID, parts: PartsOf, *, sizes: Sizes = False) -> TableList:
    """The tables in a backup's dump. Reads its table of contents, or all of it for `sizes`."""
    return await parts.contents.tables(await parts.read_model.backup(backup_id), sizes=sizes)


@router.get(
    "/backups/{backup_id}/files/{document_id}",
    dependencies=may(rights.Scope.READ),
    response_class=Response,
    responses={200: {"description": "the document", "content": content(OCTETS)}},
)
async def fetch_file(backup_id: UUID, document_id: UUID, parts: PartsOf) -> Response:
    """One file document as it was."""
    found, pieces = await parts.contents.file(await parts.read_model.backup(backup_id), document_id)
    return await _fetched(pieces, str(found.document_id), found.size_bytes)


@router.get(
    "/backups/{backup_id}/tables/{table}",
    dependencies=may(rights.Scope.READ),
    response_class=Response,
    responses={200: {"description": "the dump", "content": content(OCTETS)}},
)
async def fetch_table(backup_id: UUID, table: TableName, parts: PartsOf) -> Response:
    """A dump of one table, its definition and its rows, for `pg_restore`. Reads the backup's dump up to their end."""
    found, pieces = await parts.contents.table(await parts.read_model.backup(backup_id), table)
    return await _fetched(pieces, f"{found.schema}.{found.name}.dump", None)


async def _fetched(pieces: AsyncGenerator[bytes, None], name: str, size_bytes: int | None) -> Response:
    """The first bytes are made before the answer begins, so that what cannot be had is an error of its own."""
    first = await anext(pieces, b"")
    headers = {
        "Content-Type": OCTETS,
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Cache-Control": "private, no-transform",
        "X-Content-Type-Options": "nosniff",
    }
    if size_bytes is not None:
        headers["Content-Length"] = str(size_bytes)
    return Closing(Begun(first, pieces), 200, headers)
