"""The reasons that cross a process: why a command was refused, why work failed, why bytes were no message.

ContractError
└── DecodeError               the record goes to the dead letters
    ├── MalformedMessageError     no CloudEvent, no JSON
    ├── UnknownMessageError       no such type
    ├── NewerVersionError         written by a newer release: stop, do not guess
    ├── OversizedMessageError     larger than the limit
    ├── InvalidBodyError          a field is missing, misspelt or out of range
    └── LiteralSecretError        a password where `secret:<name>` belongs
"""

from enum import StrEnum


class RejectionCode(StrEnum):
    """Why a command was refused (`CommandRejected.code`)."""

    ALREADY_EXISTS = "ALREADY_EXISTS"
    APP_NOT_FOUND = "APP_NOT_FOUND"
    ENVIRONMENT_NOT_FOUND = "ENVIRONMENT_NOT_FOUND"
    NOT_FOUND = "NOT_FOUND"
    INVALID_PARAMETERS = "INVALID_PARAMETERS"
    UNSUPPORTED = "UNSUPPORTED"
    ENVIRONMENT_BUSY = "ENVIRONMENT_BUSY"
    INVALID_STATE = "INVALID_STATE"
    NOT_ALLOWED = "ERROR_NOT_ALLOWED"
    OVERDUE = "OVERDUE"
    MALFORMED = "MALFORMED"
    UNKNOWN_TYPE = "UNKNOWN_TYPE"
    NEWER_VERSION = "NEWER_VERSION"
    TOO_LARGE = "TOO_LARGE"
    LITERAL_SECRET = "LITERAL_SECRET"  # noqa: S105 -- the name of a refusal


class FailureCode(StrEnum):
    """Why work failed (`BackupFailed.code`, `RestoreFailed.code`) or what a check found."""

    CANCELLED = "CANCELLED"
    DATABASE_UNREACHABLE = "DATABASE_UNREACHABLE"
    AUTHENTICATION_FAILED = "AUTHENTICATION_FAILED"
    MISSING_RIGHTS = "MISSING_RIGHTS"
    TOOLS_MISSING = "TOOLS_MISSING"
    SECRET_MISSING = "SECRET_MISSING"  # noqa: S105 -- the name of a failure
    LOCK_TIMEOUT = "LOCK_TIMEOUT"
    DUMP_FAILED = "DUMP_FAILED"
    LOAD_FAILED = "LOAD_FAILED"
    REFERENCE_QUERY_FAILED = "REFERENCE_QUERY_FAILED"
    DOCUMENTS_UNREACHABLE = "DOCUMENTS_UNREACHABLE"
    DOCUMENT_CHANGING = "DOCUMENT_CHANGING"
    NO_SPACE = "NO_SPACE"
    ENCODING_MISMATCH = "ENCODING_MISMATCH"
    OLDER_SERVER = "OLDER_SERVER"
    UNSUPPORTED_CONTENT = "UNSUPPORTED_CONTENT"
    BACKUP_UNREADABLE = "BACKUP_UNREADABLE"
    STORE_UNAVAILABLE = "STORE_UNAVAILABLE"
    PREVIOUS_STATE_GONE = "PREVIOUS_STATE_GONE"
    ENVIRONMENT_REMOVED = "ENVIRONMENT_REMOVED"
    WRONG_FORMAT = "WRONG_FORMAT"
    ARCHIVE_DAMAGED = "ARCHIVE_DAMAGED"
    HOSTILE_ARCHIVE = "HOSTILE_ARCHIVE"
    SAFETY_BACKUP_FAILED = "SAFETY_BACKUP_FAILED"
    HOOK_FAILED = "HOOK_FAILED"
    INTERNAL = "INTERNAL"


class ContractError(Exception):
    """Something does not follow the contracts."""


class DecodeError(ContractError, ValueError):
    """A record that is no message of ours; never worth a retry as it is. `field` names the culprit where known."""

    code = RejectionCode.MALFORMED

    def __init__(self, reason: str, *, field: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field


class MalformedMessageError(DecodeError):
    """No CloudEvent in binary mode, or its data is no JSON object."""


class UnknownMessageError(DecodeError):
    """A type that no release knows."""

    code = RejectionCode.UNKNOWN_TYPE


class NewerVersionError(DecodeError):
    """A version that a newer release writes; this one does not guess."""

    code = RejectionCode.NEWER_VERSION


class OversizedMessageError(DecodeError):
    """Larger than a command may be."""

    code = RejectionCode.TOO_LARGE


class InvalidBodyError(DecodeError):
    """The data does not have the shape of its type."""

    code = RejectionCode.INVALID_PARAMETERS


class LiteralSecretError(DecodeError):
    """A secret in the clear, where only a reference may travel."""

    code = RejectionCode.LITERAL_SECRET
