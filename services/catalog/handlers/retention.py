"""Commands on how long backups are kept: deletion, expiry, leases, and what stopped to ask: sweeps, schedules."""

from contracts.actors import person
from contracts.commands.retention import (
    AcquireLease,
    ApproveSchedule,
    ApproveSweep,
    DeleteBackup,
    ExpireBackup,
    ReleaseLease,
    ShredBackups,
)
from services.catalog.adapters.across import listed_backups, newest_completed, restores_reading
from services.catalog.adapters.desk import Desk
from services.catalog.domain.decide import deletion, expiry, leases, shredding, sweeps
from services.catalog.domain.decide.backups import known
from services.catalog.domain.decide.environments import remembered
from services.catalog.domain.state.backup import Backup
from services.catalog.domain.state.environment import Environment
from services.catalog.handlers.decided import Decided, Request
from services.catalog.holding import blockers, holds, with_change_of_hold


async def delete_backup(desk: Desk, command: DeleteBackup, request: Request) -> Decided:
    """Let it go before its expiry, unless something needs it; of one that was let go, erase what is left."""
    found = await desk.find(Backup, command.backup_id)
    if command.erase and found is not None and found.state in deletion.LET_GO:
        erasure = deletion.erase_backup(found, requested_by=person(request.actor), now=request.now)
        return Decided("backup", command.backup_id, found.app_id, (erasure,))
    backup = known(found, command.backup_id)
    other = await newest_completed(desk, backup.environment_id, besides=backup.backup_id)
    event = deletion.delete_backup(
        backup,
        command,
        holds=await holds(desk, backup),
        others_completed=other is not None,
        requested_by=person(request.actor),
        now=request.now,
    )
    return Decided("backup", command.backup_id, backup.app_id, (event,))


async def shred_backups(desk: Desk, command: ShredBackups, request: Request) -> Decided:
    """Let all backups of an environment go, of a removed one too, so that nothing opens them any more."""
    environment = remembered(await desk.find(Environment, command.environment_id), command.environment_id)
    backups = await listed_backups(desk, command.environment_id)
    reading, database_now = await restores_reading(desk, command.environment_id), await desk.database_now()
    there = [(one, expiry.holds(one, reading.get(one.backup_id, ()), database_now=database_now)) for one in backups]
    deletions, event = shredding.shred_backups(
        environment, command, there, requested_by=person(request.actor), now=request.now
    )
    before = tuple(Decided("backup", one.backup_id, environment.app_id, (one,)) for one in deletions)
    return Decided("environment", command.environment_id, environment.app_id, (event,), before)


async def expire_backup(desk: Desk, command: ExpireBackup, request: Request) -> Decided:
    """Let it go when its time is over and nothing holds it; else say what does."""
    backup = known(await desk.find(Backup, command.backup_id), command.backup_id)
    event = expiry.expire_backup(backup, command, blockers=await blockers(desk, backup), now=request.now)
    return Decided("backup", command.backup_id, backup.app_id, (event,))


async def acquire_lease(desk: Desk, command: AcquireLease, _request: Request) -> Decided:
    """Keep it for a while."""
    backup = known(await desk.find(Backup, command.backup_id), command.backup_id)
    event = leases.acquire_lease(backup, command, database_now=await desk.database_now())
    return Decided("backup", command.backup_id, backup.app_id, (event,))


async def release_lease(desk: Desk, command: ReleaseLease, request: Request) -> Decided:
    """The work is over; what else holds it past its expiry, or that nothing does, is said."""
    backup = known(await desk.find(Backup, command.backup_id), command.backup_id)
    event = leases.release_lease(backup, command)
    return Decided(
        "backup", command.backup_id, backup.app_id, await with_change_of_hold(desk, backup, event, now=request.now)
    )


async def approve_sweep(desk: Desk, command: ApproveSweep, request: Request) -> Decided:
    """Let a stopped sweep go on."""
    environment = remembered(await desk.find(Environment, command.environment_id), command.environment_id)
    event = sweeps.approve_sweep(environment, command, approved_by=person(request.actor))
    return Decided("environment", command.environment_id, environment.app_id, (event,))


async def approve_schedule(desk: Desk, command: ApproveSchedule, request: Request) -> Decided:
    """Let a stopped schedule go on."""
    environment = remembered(await desk.find(Environment, command.environment_id), command.environment_id)
    event = sweeps.approve_schedule(environment, command, approved_by=person(request.actor))
    return Decided("environment", command.environment_id, environment.app_id, (event,))
