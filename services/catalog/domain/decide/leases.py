"""Decisions on leases: what must not lose a backup under its hands (spec: messages, "Commands")."""

from datetime import datetime, timedelta
from typing import Final

from contracts.commands.retention import AcquireLease, ReleaseLease
from contracts.defaults import LEASE_LONGEST_HOURS
from contracts.errors import RejectionCode
from contracts.events.retention import LeaseAcquired, LeaseReleased
from contracts.states import BackupState
from contracts.values import Lease
from services.catalog.domain.refusals import RefusedError
from services.catalog.domain.state.backup import Backup

LONGEST: Final = timedelta(hours=LEASE_LONGEST_HOURS)


def acquire_lease(backup: Backup, command: AcquireLease, *, database_now: datetime) -> LeaseAcquired:
    """On a completed backup; the same lease again extends it. `database_now` is PostgreSQL's clock."""
    if backup.state is not BackupState.COMPLETED:
        reason = f"backup {backup.backup_id} is {backup.state}: only a completed one can be worked with"
        raise RefusedError(RejectionCode.NOT_ALLOWED, reason, field="backup_id")
    if command.until <= database_now:
        reason = f"this lease would be over already: it is {database_now.isoformat()} by the clock that it ends by"
        raise RefusedError(RejectionCode.INVALID_PARAMETERS, reason, field="until")
    if command.until > database_now + LONGEST:
        reason = (
            f"a lease lasts {LEASE_LONGEST_HOURS} hours at most, until {(database_now + LONGEST).isoformat()} now: "
            "take it for less, and send it again before its end to extend it"
        )
        raise RefusedError(RejectionCode.INVALID_PARAMETERS, reason, field="until")
    lease = Lease(lease_id=command.lease_id, holder=command.holder, until=command.until)
    return LeaseAcquired(backup_id=backup.backup_id, environment_id=backup.environment_id, lease=lease)


def release_lease(backup: Backup, command: ReleaseLease) -> LeaseReleased:
    """Only one that nobody has released."""
    if all(lease.lease_id != command.lease_id for lease in backup.leases):
        reason = f"this backup has no lease {command.lease_id}: it was released, or its time was over"
        raise RefusedError(RejectionCode.NOT_FOUND, reason, field="lease_id")
    return LeaseReleased(backup_id=backup.backup_id, environment_id=backup.environment_id, lease_id=command.lease_id)


def lapse(backup: Backup, *, database_now: datetime) -> tuple[LeaseReleased, ...]:
    """What PostgreSQL's clock says of leases that nobody has released in time."""
    return tuple(
        LeaseReleased(backup_id=backup.backup_id, environment_id=backup.environment_id, lease_id=lease.lease_id)
        for lease in backup.leases
        if lease.until <= database_now
    )
