"""One attempt at reading what was sent: its sum first, then all of it, and of the same bytes."""

from pathlib import Path
from uuid import UUID

from contracts.events.archives import DataType
from contracts.values import Parcel
from services.platform.archives.incoming import Limits
from services.platform.connectors.files.pacing import Progress
from services.platform.parcels import Parcels, parcel_file
from services.platform.repository import EnvironmentRepository
from services.platform.unpacking.checking import check_sum
from services.platform.unpacking.unpacking import Source, Unpacked, unpack


class Reception:
    """Of one parcel; `progress` hears how far it is."""

    _digests: tuple[bytes, ...]

    def __init__(self, parcels: Parcels, environment_id: UUID, parcel: Parcel, progress: Progress) -> None:
        self._parcels = parcels
        self._environment_id = environment_id
        self._parcel = parcel
        self._progress = progress

    async def check_sum(self) -> None:
        """Raises DamagedArchiveError when it is not what was announced, and what reading a parcel raises."""
        self._digests = await check_sum(self._parcels, self._environment_id, self._parcel, self._moved)

    async def unpack(
        self, repository: EnvironmentRepository, data_type: DataType, scratch: Path, limits: Limits
    ) -> Unpacked:
        """Read all of what was checked into the repository. Raises the ArchiveRefusedError tree, and as `unpack`."""
        file = parcel_file(self._parcels, self._environment_id, self._parcel, self._digests)
        return await unpack(Source(file, limits, self._told), repository, data_type, scratch)

    async def _moved(self, bytes_done: int) -> None:
        await self._progress(bytes_done=bytes_done, bytes_total=self._parcel.size_bytes)

    async def _told(self, bytes_done: int, documents_done: int) -> None:
        total = self._parcel.size_bytes
        await self._progress(bytes_done=bytes_done, bytes_total=total, documents_done=documents_done)
