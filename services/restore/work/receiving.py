"""The steps of an upload that look at what was sent, before anything of the environment is touched."""

from collections.abc import Sequence

from contracts.errors import FailureCode
from contracts.events.uploads import UploadRequested
from contracts.manifest import Tombstone
from services.platform.archives.incoming import Limits
from services.platform.process.errors import PermanentError
from services.platform.unpacking import Reception
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

    def __init__(self, attempt: Attempt, requested: UploadRequested, limits: Limits) -> None:
        self._attempt = attempt
        self._requested = requested
        self._limits = limits
        parcels, environment_id = attempt.workplace.parcels, requested.environment_id
        self._reception = Reception(parcels, environment_id, requested.parcel, attempt.run.progress)

    async def see_safety_backup(self) -> None:
        """Raises SafetyBackupFailedError."""
        await see_safety_backup(self._attempt, self._requested)

    async def check_sum(self) -> None:
        """Raises DamagedArchiveError when it is not what was announced, and what reading a parcel raises."""
        await self._reception.check_sum()

    async def read(self) -> None:
        """Read all of it into the repository. Raises the ArchiveRefusedError tree."""
        attempt, requested = self._attempt, self._requested
        repository = attempt.workplace.repository.of(requested.environment_id)
        scratch = attempt.workplace.scratch
        unpacked = await self._reception.unpack(repository, requested.data_type, scratch, self._limits)
        sent_bytes, limits = requested.parcel.size_bytes, self._limits
        attempt.stored = Stored(
            repository, unpacked.dump, unpacked.listing, foreign=True, sent_bytes=sent_bytes, limits=limits
        )
        attempt.memo.model_version = unpacked.model_version
