"""What the machine refuses within a step, where no border has translated it: worth another try."""

import errno
import sqlite3
from typing import Final

from contracts.errors import FailureCode
from services.platform.process.errors import TransientError

_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_DISK: Final = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
"""What SQLite says of the disk under a file of lists; whatever else it says is a defect."""
_PRIMARY: Final = 0xFF


def system_error(error: BaseException) -> TransientError | None:
    """The machine's refusal by a name of ours; None when `error` is none."""
    if isinstance(error, OSError):
        said = error.strerror or type(error).__name__
        return _no_space(said) if error.errno in _FULL else _refused(said)
    if isinstance(error, sqlite3.OperationalError) and _code(error) in _DISK:
        return _of_lists(error)
    return None


def _of_lists(error: sqlite3.OperationalError) -> TransientError:
    """SQLite calls a disk full for ENOSPC alone; a quota or a limit is a write that failed."""
    if _code(error) == sqlite3.SQLITE_FULL:
        return _no_space(str(error))
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_IOERR_WRITE:
        return _no_space(f"{error} on a write: a quota, a limit or the disk")
    return _refused(str(error))


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY


def _no_space(said: str) -> TransientError:
    return TransientError(
        f"no space is left on a disk of the service ({said}): make room in its scratch directory",
        code=FailureCode.NO_SPACE,
    )


def _refused(said: str) -> TransientError:
    return TransientError(f"the system said: {said}")
