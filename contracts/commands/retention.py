"""Commands on how long backups are kept: deletion, expiry, leases, and what stopped to ask: sweeps, schedules."""

from uuid import UUID

from pydantic import AwareDatetime

from contracts.envelope import Command
from contracts.values import Name


class DeleteBackup(Command):
    """Remove a backup before its expiry; `confirm_last` where it is the last good one of its environment.

    With `erase` nothing of it stays in the store, whatever was stored against it; that may be asked of one that was let
    go before, too.
    """

    backup_id: UUID
    confirm_last: bool = False
    erase: bool = False


class ShredBackups(Command):
    """Make all backups of an environment unreadable for good; `confirm_name` is its name, said once more."""

    shred_id: UUID
    environment_id: UUID
    confirm_name: Name


class ExpireBackup(Command):
    """Let a backup go (from retention): its evidence is the expiry that it knows and the instant it judged by."""

    backup_id: UUID
    sweep_id: UUID
    expires_at: AwareDatetime
    judged_at: AwareDatetime


class ApproveSweep(Command):
    """Go on with a sweep that stopped at its cap."""

    environment_id: UUID
    sweep_id: UUID


class ApproveSchedule(Command):
    """Go on with a schedule that stopped since too many nights would be missed at once."""

    environment_id: UUID
    stop_id: UUID


class AcquireLease(Command):
    """Keep a backup while something works with it, until `until` by PostgreSQL's clock; repeated, it extends."""

    lease_id: UUID
    backup_id: UUID
    holder: Name
    until: AwareDatetime


class ReleaseLease(Command):
    """The work is over."""

    lease_id: UUID
    backup_id: UUID
