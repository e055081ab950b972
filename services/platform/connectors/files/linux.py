"""Calls of Linux that Python does not have: a rename that never replaces, and syncs of many files at once."""

import ctypes
import errno
import os
import sys
from typing import Final

from services.platform.process.seams import Seam, passing

RENAME_NOREPLACE: Final = 1
_WRITE_AND_WAIT: Final = 7
"""All flags of sync_file_range: what is written and being written waits, what is not yet is written."""
_STATFS_BYTES: Final = 256
_TYPE_BYTES: Final = 8
"""Of the first field of a statfs."""
_SYNCED_AT_ONCE: Final = {0xEF53, 0x58465342, 0x9123683E, 0xF2F52010, 0x2FC12FC1, 0x01021994, 0x6969}
"""ext4, XFS, Btrfs, F2FS, ZFS, tmpfs, NFS."""
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


def syncs_at_once(directory_fd: int) -> bool:
    """Whether `sync_file_system` is as good as a sync of each file, where this directory is.

    Not where a program serves the file system (FUSE): the kernel does not tell it of the one, and does of the other.
    """
    told = ctypes.create_string_buffer(_STATFS_BYTES)
    if _libc.fstatfs(directory_fd, told):
        raise _error(None)
    return int.from_bytes(told.raw[:_TYPE_BYTES], sys.byteorder) in _SYNCED_AT_ONCE


def confirm_written(fd: int) -> None:
    """Raise OSError when something of a file did not get to its disk; to be asked after `sync_file_system`.

    That one tells of errors of any file, and before Linux 5.8 of none.
    """
    if _libc.sync_file_range(fd, ctypes.c_int64(0), ctypes.c_int64(0), _WRITE_AND_WAIT):
        raise _error(None)


def sync_file_system(directory_fd: int) -> None:
    """Return once all that was written to the file system of `directory_fd` is on its disk. Raises OSError."""
    if _libc.syncfs(directory_fd):
        raise _error(None)


def _error(name: str | None) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number), name)
