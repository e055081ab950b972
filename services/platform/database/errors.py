"""The driver's many errors become few: away, in conflict, or a defect that keeps its own name.

TransientError
├── DatabaseUnavailableError    PostgreSQL cannot be reached, is starting, is full, or has ended the connection
└── ConflictError               somebody else was faster: unique, serialization, deadlock, lock timeout
PermanentError
└── NewerSchemaError            the schema was migrated by a newer release
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import asyncpg

from contracts.errors import FailureCode
from services.platform.process.errors import PermanentError, TransientError


class DatabaseUnavailableError(TransientError):
    """PostgreSQL cannot be reached now, or has no room. A commit that was under way may have happened or not."""


class ConflictError(TransientError):
    """Somebody else changed the same thing first; nothing was written. `constraint` names the rule where known."""

    def __init__(self, reason: str, *, constraint: str | None = None) -> None:
        super().__init__(reason)
        self.constraint = constraint


class NewerSchemaError(PermanentError):
    """The schema was migrated by a newer release; this one must not write to it."""


_AWAY: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.IdleSessionTimeoutError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InternalClientError,  # what the driver says of a connection that the server ends at this moment
    ConnectionError,
)
_FULL: Final = (asyncpg.DiskFullError, asyncpg.OutOfMemoryError)
_IN_CONFLICT: Final = (
    asyncpg.UniqueViolationError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.InvalidCachedStatementError,
)


_NOT_SET_UP: Final = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientPrivilegeError,
)


@contextmanager
def translated() -> Iterator[None]:
    """Raises the driver's errors by our names; what is a defect of ours stays as it is."""
    try:
        yield
    except _AWAY as error:
        raise DatabaseUnavailableError(f"PostgreSQL is not available: {error}") from error
    except _FULL as error:
        reason = f"PostgreSQL has no room: {error}: make room on its disk"
        raise DatabaseUnavailableError(reason, code=FailureCode.NO_SPACE) from error
    except _IN_CONFLICT as error:
        constraint = getattr(error, "constraint_name", None)
        raise ConflictError(f"another writer was faster: {error}", constraint=constraint) from error
    except asyncpg.InterfaceError as error:
        if "closed" not in str(error) and "released" not in str(error):
            raise
        raise DatabaseUnavailableError(f"the connection to PostgreSQL was lost: {error}") from error


@contextmanager
def translated_while_connecting() -> Iterator[None]:
    """The same, and also what only a connection attempt may say: no route, no answer in time, no role or database yet.

    Services start in any order, so what the setup has not made yet is worth another try.
    """
    try:
        with translated():
            yield
    except _NOT_SET_UP as error:
        raise DatabaseUnavailableError(f"PostgreSQL refuses this service (is the setup done?): {error}") from error
    except (OSError, TimeoutError) as error:
        raise DatabaseUnavailableError(f"PostgreSQL cannot be reached: {error or type(error).__name__}") from error
