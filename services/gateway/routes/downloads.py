"""`/download`: the direct links of archives, opened by their signature alone (spec: backups-api-v2)."""

import base64
import secrets
from collections.abc import Sequence
from typing import Annotated, Any, Final, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from services.gateway.adapters.downloads import Part, Ticket
from services.gateway.domain import ranges
from services.gateway.domain.links import PREFIX
from services.gateway.domain.ranges import Span, UnsatisfiableError
from services.gateway.domain.rights import NOBODY
from services.gateway.parts import Parts
from services.gateway.resources import Archive, Refusal
from services.gateway.routes.calls import PartsOf
from services.gateway.routes.closing import Closing
from services.gateway.routes.errors import refusal
from services.gateway.routes.raw import content
from services.platform.archives.kinds import MEDIA_TYPES

_TYPES: Final = sorted(set(MEDIA_TYPES.values()))
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    304: {"description": "the caller has it already"},
    410: {"description": "it cannot be made again as it was: ask for the archive anew", "model": Refusal},
    412: {"description": "the caller wants another one", "model": Refusal},
}
_WITH_BODY: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "the whole file", "content": content(*_TYPES)},
    206: {
        "description": "the bytes that Range asks for, of several ranges as multipart/byteranges",
        "content": content(*_TYPES, "multipart/byteranges"),
    },
    416: {"description": "no byte of it is asked for, or too many ranges at once", "model": Refusal},
}
router = APIRouter(prefix=PREFIX.rstrip("/"), tags=["downloads"], responses=_ANSWERS)

LATEST_DIGITS: Final = 12
_WITH_BYTES: Final = frozenset({200, 206})
_BETWEEN: Final = b"\r\n"


class Shown(NamedTuple):
    """What of a link comes behind its path."""

    until: int
    given_to: str
    signature: str


def _shown(
    until: Annotated[str, Query(description="the end of the link")] = "",
    given_to: Annotated[str, Query(alias="for", description="the user whose link it is")] = "",
    signature: Annotated[str, Query(description="what only the gateway can write")] = "",
) -> Shown:
    """A link that was cut or changed is refused as such, whatever is left of it."""
    known = until.isascii() and until.isdecimal() and len(until) <= LATEST_DIGITS
    return Shown(int(until) if known else -1, given_to, signature)


RestOfLink = Annotated[Shown, Depends(_shown)]


@router.get("/{archive_id}/{file_name}", response_class=Response, responses=_WITH_BODY)
async def download_archive(
    archive_id: UUID, file_name: str, parts: PartsOf, request: Request, shown: RestOfLink
) -> Response:
    """The archive's bytes, or those that Range asks for; the same bytes as long as the link works."""
    archive = await parts.downloads.admit(Ticket(archive_id, file_name, *shown))
    answer = _without_body(archive, request) or await _with_body(parts, archive, request)
    if answer.status_code in _WITH_BYTES:
        parts.access_log.downloaded(archive, UUID(shown.given_to) if shown.given_to else NOBODY)
    return answer


@router.head(
    "/{archive_id}/{file_name}", response_class=Response, responses={200: {"description": "it is there, as told"}}
)
async def look_at_archive(
    archive_id: UUID, file_name: str, parts: PartsOf, request: Request, shown: RestOfLink
) -> Response:
    """What a download would be: its size, its hash, its name."""
    archive = await parts.downloads.admit(Ticket(archive_id, file_name, *shown))
    answer = _without_body(archive, request)
    if answer is None:
        size_bytes = _size(archive)
        await parts.downloads.look(archive, Span(size_bytes - 1, size_bytes))
        answer = Response(headers=_headers(archive, size_bytes))
    return answer


async def _with_body(parts: Parts, archive: Archive, request: Request) -> Response:
    size_bytes, asked = _size(archive), request.headers.get("range")
    try:
        current = ranges.is_current(request.headers.get("if-range"), _etag(archive))
        spans = ranges.spans(asked, size_bytes) if current else None
    except UnsatisfiableError as error:
        headers = {"Content-Range": f"bytes */{size_bytes}", "Accept-Ranges": "bytes"}
        return refusal(416, "RANGE_NOT_SATISFIABLE", str(error), headers=headers)
    if spans is None:
        making = await parts.downloads.open(archive, [Part(Span(0, size_bytes))])
        return Closing(making, 200, _headers(archive, size_bytes))
    if len(spans) > 1:
        return await _several(parts, archive, spans)
    making = await parts.downloads.open(archive, [Part(spans[0])])
    told = {"Content-Range": spans[0].told(size_bytes)}
    return Closing(making, 206, _headers(archive, spans[0].end - spans[0].start) | told)


async def _several(parts: Parts, archive: Archive, spans: Sequence[Span]) -> Response:
    boundary, media_type = secrets.token_hex(16), MEDIA_TYPES[archive.data_type]
    asked = [
        Part(span, (_BETWEEN if number else b"") + ranges.part_head(boundary, span, _size(archive), media_type))
        for number, span in enumerate(spans)
    ]
    end = _BETWEEN + ranges.part_end(boundary)
    length = sum(len(part.head) + part.span.end - part.span.start for part in asked) + len(end)
    headers = _headers(archive, length) | {"Content-Type": f"multipart/byteranges; boundary={boundary}"}
    return Closing(await parts.downloads.open(archive, asked, end), 206, headers)


def _without_body(archive: Archive, request: Request) -> Response | None:
    """The answer to a caller who has the file already, or wants another one."""
    etag = _etag(archive)
    if_match = request.headers.get("if-match")
    if if_match is not None and not ranges.matches_strongly(if_match, etag):
        return refusal(412, "PRECONDITION_FAILED", "the archive has another ETag", headers={"ETag": etag})
    if ranges.matches(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers={"ETag": etag})
    return None


def _headers(archive: Archive, length: int) -> dict[str, str]:
    """No Content-Encoding: what is downloaded is the file as it is named, and no proxy may change it."""
    digest = base64.b64encode(bytes.fromhex(archive.sha256 or "")).decode()
    return {
        "Content-Type": MEDIA_TYPES[archive.data_type],
        "Content-Length": str(length),
        "Content-Disposition": f'attachment; filename="{archive.file_name}"',
        "Accept-Ranges": "bytes",
        "ETag": _etag(archive),
        "Repr-Digest": f"sha-256=:{digest}:",
        "Cache-Control": "private, no-transform",
        "X-Content-Type-Options": "nosniff",
    }


def _etag(archive: Archive) -> str:
    return f'"{archive.sha256}"'


def _size(archive: Archive) -> int:
    if archive.size_bytes is None:
        raise AssertionError("only a completed archive has a link")
    return archive.size_bytes
