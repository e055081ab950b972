"""What an upload has cleared, told at the moment when it is: the package cannot be started from then on."""

from contracts.envelope import Event
from contracts.events.uploads import AppServicesUnpublished, EnvironmentCleared, PackageRemoved, UploadRequested
from services.restore.journal import tell
from services.restore.work.attempt import Attempt
from services.restore.workplace import queries


async def tell_unpublished(attempt: Attempt, requested: UploadRequested) -> None:
    """The services that were published are so no longer."""
    ids = {"upload_id": requested.upload_id, "environment_id": requested.environment_id}
    await _tell_once(attempt, AppServicesUnpublished(**ids, service_names=requested.app_services))


async def tell_removed(attempt: Attempt, requested: UploadRequested) -> None:
    """The platform has no package any more."""
    ids = {"upload_id": requested.upload_id, "environment_id": requested.environment_id}
    await _tell_once(attempt, PackageRemoved(**ids, removed_at=attempt.workplace.clock.now()))


async def tell_cleared(attempt: Attempt, requested: UploadRequested) -> None:
    """The switch has happened: nothing from before is in place."""
    ids = {"upload_id": requested.upload_id, "environment_id": requested.environment_id}
    await _tell_once(attempt, EnvironmentCleared(**ids, cleared_at=attempt.workplace.clock.now()))
    if requested.app_services:
        await tell_unpublished(attempt, requested)


async def _tell_once(attempt: Attempt, event: Event) -> None:
    """Whoever takes the work over does it again, and does not tell it again."""
    async with attempt.run.transaction() as c:
        if await queries.note_told(c, restore_id=attempt.wish.work_id, told=type(event).__name__):
            await tell(attempt.workplace, c, attempt.run, attempt.wish.stream, event)
