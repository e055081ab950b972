"""Commands on what was sent: uploads of data, and backups to import."""

from uuid import UUID

from contracts.envelope import Command
from contracts.events.archives import DataType
from contracts.values import Comment, ModelVersion, Parcel


class RequestUpload(Command):
    """Clear `environment_id` and fill it with what a parcel holds; what it does not hold is empty afterwards.

    `safety_backup` is only refused by somebody who wants no way back.
    """

    upload_id: UUID
    environment_id: UUID
    parcel: Parcel
    data_type: DataType
    safety_backup: bool = True


class CancelUpload(Command):
    """Stop an upload that has not switched yet."""

    upload_id: UUID


class ImportBackup(Command):
    """Make a backup of `environment_id` out of a full archive that was sent; it is in the list and restored later.

    `model_version` is what the archive's app ran, where that is known.
    """

    backup_id: UUID
    environment_id: UUID
    parcel: Parcel
    comment: Comment = ""
    model_version: ModelVersion | None = None
