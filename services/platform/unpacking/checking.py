"""Whether what was sent is what was announced."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from uuid import UUID

from contracts.values import Parcel
from services.platform.archives.incoming import DamagedArchiveError
from services.platform.parcels import Parcels, parts_of

Moved = Callable[[int], Awaitable[None]]
"""Told how many bytes have been read."""


async def check_sum(parcels: Parcels, environment_id: UUID, parcel: Parcel, moved: Moved) -> None:
    """Read all of a parcel. Raises DamagedArchiveError for another SHA-256, and what reading a parcel raises."""
    whole = hashlib.sha256()
    for number in range(parts_of(parcel)):
        part = await parcels.read(environment_id, parcel, number)
        await asyncio.to_thread(whole.update, part)
        await moved(number * parcel.part_bytes + len(part))
    if whole.hexdigest() != parcel.sha256:
        raise DamagedArchiveError(
            f"what was sent has the SHA-256 {whole.hexdigest()}, announced was {parcel.sha256}: send it again"
        )
