"""Parcels: files that callers send in parts, and that an upload or an import works off; what nobody wants goes."""

import asyncio
from typing import Final
from uuid import UUID

from contracts import values
from contracts.errors import RejectionCode
from services.gateway.adapters.asked import Asked
from services.gateway.adapters.decisions import Intent
from services.gateway.domain.gaps import gaps
from services.gateway.domain.refusals import NotFoundError, RefusalError, key_reused, rejection
from services.gateway.resources import Environment, Gap, NewParcel, Parcel, ParcelList
from services.gateway.resources.content_digest import content_digests, differing
from services.platform.database import Connection, Database, Record, load_queries
from services.platform.parcels import Parcels, part_size, parts_of
from services.platform.process.retry import for_ever
from services.platform.process.seams import Seam

KEEP_SECONDS: Final = 24 * 3600
"""After its last part; who comes back the next morning goes on."""
LINGER_SECONDS: Final = 600
"""Between the end of a parcel and its removal: a part that was on its way then has come, or never will."""
OPEN_AT_ONCE: Final = 10
"""In one environment: nobody sends more, and a store has an end."""
LOOK_SECONDS: Final = 60.0
_DIGEST: Final = "Content-Digest"

queries = load_queries("services.gateway")


class ParcelDesk:
    """What is on its way in; the parts themselves are in `parcels`."""

    def __init__(
        self, database: Database, parcels: Parcels, *, part_bytes: int, linger_seconds: float = LINGER_SECONDS
    ) -> None:
        self._database = database
        self._parcels = parcels
        self._part_bytes = part_bytes
        self._linger_seconds = linger_seconds

    async def open(self, intent: Intent, environment: Environment, asked: NewParcel) -> Parcel:
        """A parcel to be sent; under the same key the same one, whatever has come of it. Raises RefusalError."""
        parcel_id = intent.created_id("parcel")
        environment_id = environment.environment_id
        async with self._database.transaction(Seam.PARCEL) as c:
            await queries.lock_parcels(c, environment_id=str(environment_id))
            if await queries.open_parcels(c, environment_id=environment_id, besides=parcel_id) >= OPEN_AT_ONCE:
                reason = f"{OPEN_AT_ONCE} files are on their way into {environment.name}: list them, give one up"
                raise rejection(RejectionCode.NOT_ALLOWED, reason, None)
            await queries.put_parcel(
                c,
                parcel_id=parcel_id,
                environment_id=environment_id,
                app_id=environment.app_id,
                size_bytes=asked.size_bytes,
                part_bytes=self._part_bytes,
                sha256=asked.sha256,
                keep_seconds=KEEP_SECONDS,
            )
            row = await _found(c, parcel_id)
            if (row["environment_id"], row["size_bytes"], row["sha256"]) != (
                environment_id,
                asked.size_bytes,
                asked.sha256,
            ):
                raise key_reused()
        return await self._shown(row)

    async def find(self, parcel_id: UUID) -> Parcel:
        """One parcel, and what of it is missing. Raises NotFoundError."""
        async with self._database.transaction() as c:
            row = await _living(c, parcel_id)
        return await self._shown(row)

    async def all(self, environment_id: UUID) -> ParcelList:
        """Those on their way into an environment, and what of each is missing."""
        async with self._database.transaction() as c:
            rows = [row async for row in queries.parcels(c, environment_id=environment_id)]
        return ParcelList(parcels=[await self._shown(row) for row in rows])

    async def take(self, parcel_id: UUID, number: int, data: bytes, digest: str | None) -> None:
        """Keep a part; sent again, the newer one stands. `digest`: what Content-Digest said. Raises RefusalError."""
        row = await self._row(parcel_id)
        parcel = _parcel(row)
        if not 0 <= number < parts_of(parcel):
            raise NotFoundError(RejectionCode.NOT_FOUND, f"this parcel has parts 0 to {parts_of(parcel) - 1}")
        if len(data) != part_size(parcel, number):
            raise _invalid(f"part {number} has {part_size(parcel, number)} bytes, {len(data)} came: send it again")
        if digest is not None and (by := await asyncio.to_thread(differing, data, _digests(digest))):
            raise _invalid(f"part {number} is not what the {by} of its Content-Digest says: send it again", _DIGEST)
        await self._keep(parcel_id)
        await self._parcels.put(row["environment_id"], parcel_id, number, data)

    async def sent(self, parcel_id: UUID, environment_id: UUID, work_id: UUID) -> values.Parcel:
        """A parcel that has come whole, for this environment and this work; kept a while. Raises RefusalError."""
        row = await self._row(parcel_id, work_id, environment_id)
        parcel = _parcel(row)
        received = await self._parcels.received(environment_id, parcel_id)
        if len(received) < parts_of(parcel):
            reason = f"{parts_of(parcel) - len(received)} parts of this parcel have not come: send them first"
            raise rejection(RejectionCode.NOT_ALLOWED, reason, "parcel_id")
        if row["held_by"] is None:
            await self._keep(parcel_id)
        return parcel

    async def give_up(self, parcel_id: UUID) -> None:
        """Nobody wants it any more. Raises RefusalError while it is worked off."""
        async with self._database.transaction(Seam.PARCEL) as c:
            await _found(c, parcel_id)
            if not await queries.give_up_parcel(c, parcel_id=parcel_id):
                raise rejection(RejectionCode.NOT_ALLOWED, "it is being worked off: cancel that", "parcel_id")

    async def hold(self, c: Connection, parcel_id: UUID, work_id: UUID) -> None:
        """An upload or an import works it off from now on."""
        await queries.hold_parcel(c, parcel_id=parcel_id, work_id=work_id)

    async def let_go(self, c: Connection, work_id: UUID) -> None:
        """That has ended."""
        await queries.let_go_of_parcel(c, work_id=work_id)

    async def remove_ended(self) -> int:
        """Remove what nobody wants any more: the parts first, then what is known of them; how many parcels."""
        async with self._database.transaction() as c:
            ended = [row async for row in queries.ended_parcels(c, linger_seconds=self._linger_seconds)]
        for row in ended:
            await self._parcels.remove(row["environment_id"], row["parcel_id"])
            async with self._database.transaction(Seam.PARCEL) as c:
                await queries.forget_parcel(c, parcel_id=row["parcel_id"], expires_at=row["expires_at"])
        return len(ended)

    async def _row(self, parcel_id: UUID, work_id: UUID | None = None, environment_id: UUID | None = None) -> Record:
        """`environment_id`: another's parcel is none, and nothing is said of it."""
        async with self._database.transaction() as c:
            row = await _living(c, parcel_id)
        if environment_id not in (None, row["environment_id"]):
            raise _gone()
        if row["held_by"] not in (None, work_id):
            raise rejection(RejectionCode.NOT_ALLOWED, f"{row['held_by']} works it off", "parcel_id")
        return row

    async def _keep(self, parcel_id: UUID) -> None:
        async with self._database.transaction(Seam.PARCEL) as c:
            if not await queries.keep_parcel(c, parcel_id=parcel_id, keep_seconds=KEEP_SECONDS):
                raise _gone()

    async def _shown(self, row: Record) -> Parcel:
        parcel = _parcel(row)
        received = await self._parcels.received(row["environment_id"], parcel.parcel_id)
        return Parcel(
            **dict(parcel),
            environment_id=row["environment_id"],
            app_id=row["app_id"],
            parts=parts_of(parcel),
            received=len(received),
            missing=[Gap(first=one.first, last=one.last) for one in gaps(received, parts_of(parcel))],
            expires_at=row["expires_at"],
            held_by=row["held_by"],
        )


async def remove_ended_for_ever(desk: ParcelDesk, asked: Asked) -> None:
    """Remove what nobody wants any more, and what is known of who asked for it, for as long as the process lives."""

    async def look() -> None:
        while True:
            await desk.remove_ended()
            await asked.forget_old()
            await asyncio.sleep(LOOK_SECONDS)

    await for_ever("remove parcels", look)


async def _found(c: Connection, parcel_id: UUID) -> Record:
    row: Record | None = await queries.find_parcel(c, parcel_id=parcel_id)
    if row is None:
        raise _gone()
    return row


async def _living(c: Connection, parcel_id: UUID) -> Record:
    row = await _found(c, parcel_id)
    if row["over"]:
        raise _gone()
    return row


def _parcel(row: Record) -> values.Parcel:
    return values.Parcel(**{name: row[name] for name in values.Parcel.model_fields})


def _digests(header: str) -> dict[str, bytes]:
    try:
        return content_digests(header)
    except ValueError as error:
        raise _invalid(f"{_DIGEST}: {error}", _DIGEST) from error


def _gone() -> NotFoundError:
    return NotFoundError(RejectionCode.NOT_FOUND, "there is no parcel with this id (any more): begin anew")


def _invalid(reason: str, field: str | None = None) -> RefusalError:
    return RefusalError(400, RejectionCode.INVALID_PARAMETERS, reason, field=field)
