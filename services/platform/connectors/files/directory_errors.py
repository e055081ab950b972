"""What a file system says becomes what the port says."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from services.platform.connectors.files.errors import (
    DocumentSpaceError,
    DocumentsRefusedError,
    DocumentsUnavailableError,
)
from services.platform.process.errors import NightkeepError

_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""The last says a file system, or a limit, of a file that grows beyond what it takes."""
_REFUSED: Final = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def translated(subject: str) -> Iterator[None]:
    """Raises the port's errors for those of the file system; FileNotFoundError is the caller's to understand."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise named(error, subject) from error


def named(error: OSError, subject: str) -> NightkeepError:
    """The port's error for one of the file system."""
    if error.errno in _FULL:
        return DocumentSpaceError(f"no space is left for documents ({error.strerror}): make room in their directory")
    if error.errno in _REFUSED:
        return DocumentsRefusedError(f"{subject}: {error.strerror}. Give the user of the services the right to it")
    if error.errno == errno.EXDEV:
        return DocumentsRefusedError(f"{subject} is on another file system than the root: mount none below the root")
    return DocumentsUnavailableError(f"{subject}: {error.strerror}")
