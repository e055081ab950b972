"""What holds a backup, as the rows say at this moment, and what is said when that has changed."""

from datetime import datetime

from contracts.envelope import Event
from contracts.events.retention import Blocker, ExpiryHeld, ExpiryReleased
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


async def change_of_hold(desk: Desk, backup: Backup, *, now: datetime) -> tuple[ExpiryReleased | ExpiryHeld, ...]:
    """What is to be said of `backup`, if it was held and is no more, or by something else."""
    return rules.change_of_hold(backup, await blockers(desk, backup), now=now) if backup.held else ()


async def with_change_of_hold(desk: Desk, backup: Backup, *events: Event, now: datetime) -> tuple[Event, ...]:
    """`events` of `backup`, and what holds it now or that nothing does, where they end something that held it."""
    after = backup
    for event in events:
        after = evolve(after, event) or after
    return (*events, *await change_of_hold(desk, after, now=now))
