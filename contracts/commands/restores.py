"""Commands on restores."""

from uuid import UUID

from contracts.envelope import Command


class RequestRestore(Command):
    """Bring a backup into `environment_id`, the destination."""

    restore_id: UUID
    backup_id: UUID
    environment_id: UUID
    database_only: bool = False


class CancelRestore(Command):
    """Stop a restore that has not switched yet."""

    restore_id: UUID


class UndoRestore(Command):
    """Bring back what a restore replaced, within its grace."""

    restore_id: UUID


class CancelPreflight(Command):
    """Stop a look that waits for its turn or goes on; it changes nothing either way."""

    preflight_id: UUID


class RequestPreflight(Command):
    """Look whether a backup could be restored into `environment_id`, and change nothing."""

    preflight_id: UUID
    backup_id: UUID
    environment_id: UUID
    database_only: bool = False
