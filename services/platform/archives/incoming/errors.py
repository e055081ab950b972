"""Why something that was sent is not taken.

PermanentError
└── ArchiveRefusedError
    ├── WrongFormatError          it is another kind of file than may be sent
    ├── DamagedArchiveError       cut short, or it contradicts itself
    └── HostileArchiveError       it would do what no honest archive does
"""

from contracts.errors import FailureCode
from services.platform.process.errors import PermanentError


class ArchiveRefusedError(PermanentError):
    """What was sent is not taken; the reason names what was met first."""

    CODE = FailureCode.WRONG_FORMAT

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code=self.CODE)


class WrongFormatError(ArchiveRefusedError):
    """It is another kind of file than may be sent."""


class DamagedArchiveError(ArchiveRefusedError):
    """Cut short, or it contradicts itself."""

    CODE = FailureCode.ARCHIVE_DAMAGED


class HostileArchiveError(ArchiveRefusedError):
    """It would do what no honest archive does: leave its tree, point elsewhere, explode, say one thing twice."""

    CODE = FailureCode.HOSTILE_ARCHIVE
