"""Why an archive cannot be made, or not be made again.

PermanentError
├── DumpError                 the stored dump does not become a download
│   ├── NotADumpError             it does not begin like a dump in PostgreSQL's custom format
│   ├── UnknownDumpError          a version or variant that is not known here
│   └── DamagedDumpError          cut short, or it contradicts itself
├── ContradictionError        the stored documents are not what the backup's list says
└── NotTheSameError           what is made now is not what the index was made of: no byte of it may leave
"""

from contracts.errors import FailureCode
from services.platform.process.errors import PermanentError


class DumpError(PermanentError):
    """The stored dump does not become a download."""

    CODE = FailureCode.BACKUP_UNREADABLE

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code=self.CODE)


class NotADumpError(DumpError):
    """It does not begin like a dump in PostgreSQL's custom format."""


class UnknownDumpError(DumpError):
    """A version or variant of the format that this release does not know: it does not guess."""

    CODE = FailureCode.UNSUPPORTED_CONTENT


class DamagedDumpError(DumpError):
    """Cut short, or it contradicts itself."""


class ContradictionError(PermanentError):
    """The stored documents are not what the backup's list says."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code=FailureCode.BACKUP_UNREADABLE)


class NotTheSameError(PermanentError):
    """What is made now is not what the index was made of: ask for the archive anew."""
