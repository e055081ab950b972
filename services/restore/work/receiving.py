"""The steps of an upload that look at what was sent, before anything of the environment is touched."""

from collections.abc import Sequence

from contracts.errors import FailureCode
from contracts.events.uploads import UploadRequested
from contracts.manifest import Tombstone
from services.platform.archives.incoming import Limits
from services.platform.parcels import parcel_file
from services.platform.process.errors import PermanentError
from services.platform.unpacking import Source, check_sum, unpack
from services.restore.work.attempt import Attempt, Named
from services.restore.work.destination import Stored


class SafetyBackupFailedError(PermanentError):
    """There is no way back, so nothing was changed."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the safety backup failed: {reason}", code=FailureCode.SAFETY_BACKUP_FAILED)


def still_safe(attempt: Attempt, requested: UploadRequested) -> Named:
    """Right before the switch: there is a way back now, too."""

    async def look() -> None:
        await see_safety_backup(attempt, requested)

    return Named("see that the safety backup is still there", look)


def receiving(attempt: Attempt, requested: UploadRequested, limits: Limits) -> Sequence[Named]:
    """What comes before anything is looked at in the environment."""
    steps = Receiving(attempt, requested, limits)
    return (
        Named("see that the safety backup is there", steps.see_safety_backup),
        Named("check the sum of what was sent", steps.check_sum),
        Named("read what was sent, to its end", steps.read),
    )


async def see_safety_backup(attempt: Attempt, requested: UploadRequested) -> None:
    """A backup exists if its manifest does. Raises SafetyBackupFailedError."""
    backup_id = requested.safety_backup_id
    if backup_id is None:
        return
    repository = attempt.workplace.repository.of(requested.environment_id)
    verdict = await repository.verdict(backup_id)
    if verdict is None or isinstance(verdict.decided, Tombstone):
        why = verdict.decided.reason if verdict and isinstance(verdict.decided, Tombstone) else "it is not there"
        raise SafetyBackupFailedError(why)


class Receiving:
    """What these steps do; each attempt checks anew."""

    _digests: tuple[bytes, ...]

    def __init__(self, attempt: Attempt, requested: UploadRequested, limits: Limits) -> None:
        self._attempt = attempt
        self._requested = requested
        self._limits = limits

    async def see_safety_backup(self) -> None:
        """Raises SafetyBackupFailedError."""
        await see_safety_backup(self._attempt, self._requested)

    async def check_sum(self) -> None:
        """Raises DamagedArchiveError when it is not what was announced, and what reading a parcel raises."""
        parcel = self._requested.parcel

        async def moved(bytes_done: int) -> None:
            await self._attempt.run.progress(bytes_done=bytes_done, bytes_total=parcel.size_bytes)

        parcels = self._attempt.workplace.parcels
        self._digests = await check_sum(parcels, self._requested.environment_id, parcel, moved)

    async def read(self) -> None:
        """Read all of it into the repository. Raises the ArchiveRefusedError tree."""
        attempt, requested = self._attempt, self._requested
        repository = attempt.workplace.repository.of(requested.environment_id)
        parcels = attempt.workplace.parcels
        file = parcel_file(parcels, requested.environment_id, requested.parcel, self._digests)
        source = Source(file, self._limits, self._told)
        unpacked = await unpack(source, repository, requested.data_type, attempt.workplace.scratch)
        attempt.stored = Stored(repository, unpacked.dump, unpacked.listing, foreign=True)
        attempt.memo.model_version = unpacked.model_version

    async def _told(self, bytes_done: int, documents_done: int) -> None:
        total = self._requested.parcel.size_bytes
        await self._attempt.run.progress(bytes_done=bytes_done, bytes_total=total, documents_done=documents_done)
