"""What holds a backup, as the rows say at this moment, and that nothing does any more."""

from datetime import datetime

from contracts.envelope import Event
from contracts.events.retention import Blocker, ExpiryReleased
from contracts.states import BackupState
from services.catalog.adapters.across import newest_completed, running_restores, upload_needing
from services.catalog.adapters.desk import Desk
from services.catalog.domain.decide import expiry as rules
from services.catalog.domain.state.backup import Backup, evolve


async def holds(desk: Desk, backup: Backup) -> tuple[Blocker, ...]:
    """What keeps it from being deleted, too."""
    restores = await running_restores(desk, backup.backup_id)
    upload = await upload_needing(desk, backup)
    return rules.holds(backup, restores, database_now=await desk.database_now(), upload=upload)


async def blockers(desk: Desk, backup: Backup) -> tuple[Blocker, ...]:
    """All that keeps it from expiring: the last-good guard and what holds it otherwise."""
    if backup.state is not BackupState.COMPLETED:
        return await holds(desk, backup)
    newest = await newest_completed(desk, backup.environment_id)
    return (*rules.guard(backup, newest), *await holds(desk, backup))


async def released(desk: Desk, backup: Backup, *, now: datetime) -> tuple[ExpiryReleased, ...]:
    """What is to be said of `backup`, if it was held and is no more."""
    return rules.release(backup, await blockers(desk, backup), now=now) if backup.held else ()


async def with_release(desk: Desk, backup: Backup, *events: Event, now: datetime) -> tuple[Event, ...]:
    """`events` of `backup`, and that it is released, where they end the last that held it."""
    after = backup
    for event in events:
        after = evolve(after, event) or after
    return (*events, *await released(desk, after, now=now))
