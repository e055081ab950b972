"""`/api/v1/parcels`: files on their way into an environment, sent in parts that may be sent again."""

import asyncio
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request, Response

from services.gateway.adapters.decisions import Intent
from services.gateway.domain.refusals import RefusalError
from services.gateway.domain.rights import Scope
from services.gateway.resources import NewParcel, Parcel, ParcelList
from services.gateway.routes.calls import DESCRIBED, PartsOf, intent_with, may
from services.gateway.routes.headers import location
from services.gateway.routes.raw import OCTETS, content
from services.gateway.routes.settling import key_of, settle

router = APIRouter(prefix="/api/v1", tags=["uploads"], dependencies=[*DESCRIBED])

BODY_SECONDS: Final = 120.0
"""For one part, at most `PARCEL_PART_BYTES`: a slow line does with less."""
Creating = Annotated[Intent, Depends(intent_with(Scope.CREATE))]


@router.post("/environments/{environment_id}/parcels", status_code=201)
async def create_parcel(
    environment_id: UUID, asked: NewParcel, parts: PartsOf, intent: Creating, response: Response
) -> Parcel:
    """Begin to send a file for an upload into this environment; with the same key, go on with it."""
    await settle(parts, environment_id, response)
    parcel = await parts.parcels.open(intent, await parts.read_model.environment(environment_id), asked)
    response.headers["Location"] = location("parcels", parcel.parcel_id)
    return parcel


@router.get("/environments/{environment_id}/parcels", dependencies=may(Scope.CREATE))
async def list_parcels(environment_id: UUID, parts: PartsOf) -> ParcelList:
    """The files on their way into an environment, for whoever may send one: to go on with, or to give up."""
    await key_of(parts, environment_id)
    return await parts.parcels.all(environment_id)


@router.get("/parcels/{parcel_id}", dependencies=may(Scope.READ))
async def show_parcel(parcel_id: UUID, parts: PartsOf) -> Parcel:
    """A file on its way, and which parts of it are missing."""
    return await parts.parcels.find(parcel_id)


@router.put(
    "/parcels/{parcel_id}/parts/{number}",
    status_code=204,
    responses={408: {"description": f"the part did not come within {BODY_SECONDS:g} s: send it again"}},
    openapi_extra={"requestBody": {"required": True, "content": content(OCTETS)}},
)
async def send_part(
    parcel_id: UUID,
    number: int,
    parts: PartsOf,
    _intent: Creating,
    request: Request,
    content_digest: Annotated[
        str | None,
        Header(
            description="`sha-256=:<base64>:` of the part, or `sha-512`, or both (RFC 9530): other bytes are refused, "
            "digests by other algorithms are passed over"
        ),
    ] = None,
) -> None:
    """One part, counted from 0: its bytes are the body, as `application/octet-stream`. Again is harmless."""
    digest = None if content_digest is None else ", ".join(request.headers.getlist("content-digest"))
    with parts.parcel_places.one():
        await parts.parcels.take(parcel_id, number, await body_in_time(request), digest)


async def body_in_time(request: Request) -> bytes:
    """The body, which holds a place until it is there. Raises RefusalError when that takes too long."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.body()
    except TimeoutError as error:
        reason = f"this part did not come within {BODY_SECONDS:g} s: send it again"
        raise RefusalError(408, "REQUEST_TIMEOUT", reason) from error


@router.delete("/parcels/{parcel_id}", status_code=204)
async def give_up_parcel(parcel_id: UUID, parts: PartsOf, _intent: Creating) -> None:
    """Give a file up that no upload works off; what was sent of it goes."""
    await parts.parcels.give_up(parcel_id)
