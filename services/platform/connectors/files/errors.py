"""What can go wrong with an environment's documents, and whether trying again helps.

TransientError
└── DocumentsUnavailableError     the place does not answer now: try again
PermanentError
├── DocumentsUnreachableError     the root is not there, or not let in
├── DocumentsRefusedError         the rights or the file system do not allow it
├── DocumentSpaceError            no space left
├── HostilePlaceError             a place that leaves the root, or leads through a symlink
├── DocumentConflictError         something else is where a document must go
├── DocumentChangedError          it changed while it was read (reading it again makes sense)
├── DocumentVanishedError         it is not there (any more)
└── ListMissingError              an area without its list
"""

from contracts.errors import FailureCode
from services.platform.process.errors import PermanentError, TransientError


class DocumentsUnavailableError(TransientError):
    """The place of the documents does not answer, or had a fault that may pass."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code=FailureCode.DOCUMENTS_UNREACHABLE)


class DocumentsUnreachableError(PermanentError):
    """There is no such directory or bucket, or nobody lets us in."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code=FailureCode.DOCUMENTS_UNREACHABLE)


class DocumentsRefusedError(PermanentError):
    """The rights, or the file system, do not allow what must be done."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code=FailureCode.MISSING_RIGHTS)


class DocumentSpaceError(PermanentError):
    """The place of the documents is full; once there is room, asking again makes sense."""

    retryable = True

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code=FailureCode.NO_SPACE)


class HostilePlaceError(PermanentError):
    """A place that would leave the root. Nothing was read or written."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code=FailureCode.UNSUPPORTED_CONTENT)


class DocumentConflictError(PermanentError):
    """Something else is where a document, or the directory for it, must be."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code=FailureCode.UNSUPPORTED_CONTENT)


class DocumentChangedError(PermanentError):
    """A document changed while it was read, so what was read is no state of it."""

    retryable = True

    def __init__(self, place: str) -> None:
        super().__init__(f"the document {place} changed while it was read", code=FailureCode.DOCUMENT_CHANGING)
        self.place = place


class DocumentVanishedError(PermanentError):
    """There is no document there, or it went while it was read."""

    def __init__(self, place: str) -> None:
        super().__init__(f"the document {place} is not there", code=FailureCode.DOCUMENT_CHANGING)
        self.place = place


class ListMissingError(PermanentError):
    """An area has no list, so what was exchanged cannot be told any more."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code=FailureCode.PREVIOUS_STATE_GONE)
