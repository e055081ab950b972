"""Whether what was sent is what was announced."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from uuid import UUID

from contracts.values import Parcel
from services.platform.archives.incoming import DamagedArchiveError
from services.platform.parcels import Parcels, digest_of, parts_of

Moved = Callable[[int], Awaitable[None]]
"""Told how many bytes have been read."""


async def check_sum(parcels: Parcels, environment_id: UUID, parcel: Parcel, moved: Moved) -> tuple[bytes, ...]:
    """Read all of a parcel; the SHA-256 of each of its parts, by which the same bytes are known when they come again.

    Raises DamagedArchiveError for another SHA-256 of the whole, and what reading a parcel raises.
    """
    whole = hashlib.sha256()
    digests: list[bytes] = []
    for number in range(parts_of(parcel)):
        part = await parcels.read(environment_id, parcel, number)
        await asyncio.to_thread(whole.update, part)
        digests.append(await asyncio.to_thread(digest_of, part))
        await moved(number * parcel.part_bytes + len(part))
    if whole.hexdigest() != parcel.sha256:
        raise DamagedArchiveError(
            f"what was sent has the SHA-256 {whole.hexdigest()}, announced was {parcel.sha256}: send it again"
        )
    return tuple(digests)
