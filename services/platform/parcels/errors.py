"""Why a parcel cannot be read.

PermanentError
├── ParcelIncompleteError     a part of it is not there
└── ParcelBrokenError         a part is damaged, lies where it does not belong, or was replaced
"""

from contracts.errors import FailureCode
from services.platform.process.errors import PermanentError


class ParcelIncompleteError(PermanentError):
    """A part of it is not there: it was never sent, or the parcel was given up since."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code=FailureCode.ARCHIVE_DAMAGED)


class ParcelBrokenError(PermanentError):
    """A part is damaged, lies where it does not belong, or was replaced while it was read: send it anew."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code=FailureCode.ARCHIVE_DAMAGED)
