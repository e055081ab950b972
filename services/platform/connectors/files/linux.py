"""Calls of Linux that Python does not have: a rename that never replaces, and a sync of more than one file."""

import ctypes
import errno
import os
from typing import Final

from services.platform.process.seams import Seam, passing

RENAME_NOREPLACE: Final = 1
_SYNC_FILE_RANGE_WAIT_BEFORE: Final = 1
_NOT_HERE: Final = {errno.EINVAL, errno.ENOSYS}
"""The file system (NFS, for one) or the kernel does not know it."""

_libc = ctypes.CDLL(None, use_errno=True)


def rename_new(source_fd: int, source: str, target_fd: int, target: str) -> None:
    """Rename between two open directories. Raises FileExistsError when `target` is there, and other OSErrors.

    Atomic where the file system can do that; elsewhere it looks first, which is as good while the app is stopped.
    """
    with passing(Seam.RENAME):
        failed = _libc.renameat2(source_fd, os.fsencode(source), target_fd, os.fsencode(target), RENAME_NOREPLACE)
    if not failed:
        return
    if ctypes.get_errno() not in _NOT_HERE:
        raise _error(target)
    _look_and_rename(source_fd, source, target_fd, target)


def _look_and_rename(source_fd: int, source: str, target_fd: int, target: str) -> None:
    try:
        os.stat(target, dir_fd=target_fd, follow_symlinks=False)
    except FileNotFoundError:
        with passing(Seam.RENAME):
            os.rename(source, target, src_dir_fd=source_fd, dst_dir_fd=target_fd)
    else:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target)


def confirm_written(fd: int) -> None:
    """Raise OSError when something of a file did not get to its disk; to be asked after a sync of the file system.

    That one tells only of errors of its own time, and before Linux 5.8 of none.
    """
    if not _libc.sync_file_range(fd, ctypes.c_int64(0), ctypes.c_int64(0), _SYNC_FILE_RANGE_WAIT_BEFORE):
        return
    if ctypes.get_errno() not in _NOT_HERE:
        raise _error(None)
    os.fsync(fd)


def sync_file_system(directory_fd: int) -> None:
    """Return once all that was written to the file system of `directory_fd` is on its disk. Raises OSError."""
    if _libc.syncfs(directory_fd):
        raise _error(None)


def _error(name: str | None) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number), name)
