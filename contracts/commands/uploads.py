"""Commands on uploads of data."""

from uuid import UUID

from contracts.envelope import Command
from contracts.events.archives import DataType
from contracts.values import Parcel


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
