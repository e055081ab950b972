"""What can go wrong with an environment's database, and whether trying again helps.

TransientError
└── DatabaseUnreachableError       nobody answers, or not now: try again
PermanentError
├── DatabaseRefusedError           no such database, TLS that does not fit
├── AuthenticationError            wrong password, no such role, not let in
├── MissingRightsError             the role may not do this
├── ToolsMissingError              no client tools of this major
├── LockTimeoutError               another session kept a lock for all tries (asking again later makes sense)
├── ReferenceQueryError            the documents query does not run or yields something else
├── DumpError                      pg_dump failed
├── LoadError                      pg_restore failed
├── SpaceError                     the server's disk is full
├── UnsupportedContentError        the dump holds what this server cannot take
└── SwitchError                    the databases are not as the switch needs them
"""

from contracts.errors import FailureCode
from services.platform.process.errors import PermanentError, TransientError


class DatabaseUnreachableError(TransientError):
    """Nobody answers there, or the server takes no connections now."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code=FailureCode.DATABASE_UNREACHABLE)


class DatabaseRefusedError(PermanentError):
    """The server answers and will never let this in as it is asked."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code=FailureCode.DATABASE_UNREACHABLE)


class AuthenticationError(PermanentError):
    """The server does not take this role with this password."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code=FailureCode.AUTHENTICATION_FAILED)


class MissingRightsError(PermanentError):
    """The role lacks a right."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code=FailureCode.MISSING_RIGHTS)


class ToolsMissingError(PermanentError):
    """This machine has no client tools of that major version."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code=FailureCode.TOOLS_MISSING)


class LockTimeoutError(PermanentError):
    """All tries to lock the tables for a dump met another session's lock."""

    retryable = True

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code=FailureCode.LOCK_TIMEOUT)


class ReferenceQueryError(PermanentError):
    """The environment's documents query cannot be used."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code=FailureCode.REFERENCE_QUERY_FAILED)


class DumpError(PermanentError):
    """pg_dump failed for a reason that stays."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code=FailureCode.DUMP_FAILED)


class LoadError(PermanentError):
    """pg_restore failed for a reason that stays."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code=FailureCode.LOAD_FAILED)


class OlderServerError(PermanentError):
    """The destination's server is of an older major than the dump."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code=FailureCode.OLDER_SERVER)


class SpaceError(PermanentError):
    """The database server has no space left."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code=FailureCode.NO_SPACE)


class UnsupportedContentError(PermanentError):
    """The dump holds something that this server or these rights cannot bring back."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code=FailureCode.UNSUPPORTED_CONTENT)


class SwitchError(PermanentError):
    """The databases are not in the state that a switch or its undo needs."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code=FailureCode.PREVIOUS_STATE_GONE)
