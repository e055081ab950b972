"""What a file system says becomes what the port says."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from contracts.errors import FailureCode
from services.platform.objectstore.errors import ObjectNotFoundError, StoreRefusedError, StoreUnavailableError

_FULL: Final = {errno.ENOSPC, errno.EDQUOT}
_REFUSED: Final = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.EEXIST}


@contextmanager
def translated(key: str) -> Iterator[None]:
    """Raises the port's errors for those of the file system."""
    try:
        yield
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise ObjectNotFoundError(key) from error
    except OSError as error:
        raise _named(error, key) from error


def _named(error: OSError, key: str) -> Exception:
    reason = f"the object {key!r} cannot be reached: {error.strerror}"
    if error.errno in _FULL:
        return StoreRefusedError(f"the object store is full: {error.strerror}", code=FailureCode.NO_SPACE)
    if error.errno in _REFUSED:
        return StoreRefusedError(reason)
    return StoreUnavailableError(reason)
