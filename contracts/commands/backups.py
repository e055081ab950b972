"""Commands on backups."""

from uuid import UUID

from contracts.envelope import Command
from contracts.events.backups import NightlySlot
from contracts.manifest import BackupEntry
from contracts.values import Comment


class RequestBackup(Command):
    """Back an environment up: its database and its file documents, as one unit. With a `slot`, as its nightly run.

    With `read_all`, every document is read again, also where size and times say that it is unchanged.
    """

    backup_id: UUID
    environment_id: UUID
    comment: Comment = ""
    slot: NightlySlot | None = None
    read_all: bool = False


class RecoverBackup(Command):
    """Make a backup's entry again, as its manifest in the bucket tells it: the catalog was lost with its log."""

    backup_id: UUID
    environment_id: UUID
    entry: BackupEntry


class CommentBackup(Command):
    """Replace a backup's comment."""

    backup_id: UUID
    comment: Comment


class PinBackup(Command):
    """Keep a backup past its expiry."""

    backup_id: UUID
    reason: Comment = ""


class UnpinBackup(Command):
    """Let a backup expire again."""

    backup_id: UUID


class CancelBackup(Command):
    """Stop a backup that is queued or running."""

    backup_id: UUID
