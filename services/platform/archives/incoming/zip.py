"""Reads a zip, entry by entry, in the order of its directory."""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final

from services.platform.archives.incoming.errors import DamagedArchiveError, HostileArchiveError, WrongFormatError
from services.platform.archives.incoming.guarding import Guard
from services.platform.archives.incoming.names import Entry, shown

PIECE_BYTES: Final = 1024 * 1024
DIRECTORY_BYTES: Final = 128 * 1024 * 1024
"""A zip's directory is read whole: this is one of a million documents. A tar.gz has none and knows no limit."""
_KNOWN: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED: Final = 0x1
_UNIX_MODE_SHIFT: Final = 16


def read_zip(file: BinaryIO, guard: Guard) -> Iterator[Entry | bytes]:
    """Each file's entry, then its bytes; `file` can seek. Raises the ArchiveRefusedError tree."""
    try:
        with zipfile.ZipFile(_Bounded(file)) as archive:
            for info in archive.infolist():
                yield from _item(archive, info, guard)
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, zlib.error, struct.error) as error:
        raise DamagedArchiveError(f"the zip is cut short or damaged: {shown(str(error))}") from error
    except NotImplementedError as error:
        raise WrongFormatError(f"the zip cannot be read: {shown(str(error))}") from error


def _item(archive: zipfile.ZipFile, info: zipfile.ZipInfo, guard: Guard) -> Iterator[Entry | bytes]:
    _refuse_special(info)
    if info.is_dir():
        guard.directory(info.filename)
        return
    yield guard.file(info.filename, info.file_size)
    left = info.file_size
    with archive.open(info) as opened:
        while piece := opened.read(PIECE_BYTES):
            guard.unpacked(len(piece))
            left -= len(piece)
            yield piece
    if left:
        raise DamagedArchiveError(
            f"{shown(info.filename)} says that it has {info.file_size} bytes, {info.file_size - left} came out of it"
        )


def _refuse_special(info: zipfile.ZipInfo) -> None:
    name = shown(info.orig_filename)
    if "\0" in info.orig_filename:
        raise HostileArchiveError(f"the path {name} leads outside the archive")
    if info.flag_bits & _ENCRYPTED:
        raise WrongFormatError(f"{name} is encrypted: send an archive without a password")
    if info.compress_type not in _KNOWN:
        raise WrongFormatError(f"{name} is compressed by method {info.compress_type}: deflate is what is read")
    kind = stat.S_IFMT(info.external_attr >> _UNIX_MODE_SHIFT)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise HostileArchiveError(f"{name} is a link, a device or a pipe: an archive holds files alone")


class _Bounded:
    """A file that refuses to be read in too large a piece: only the directory of a zip ever is."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seekable, self.seek, self.tell = file.seekable, file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        """See BinaryIO. Raises HostileArchiveError."""
        if size > DIRECTORY_BYTES:
            raise HostileArchiveError(
                f"the zip's directory is larger than {DIRECTORY_BYTES} bytes: send so many documents as a tar.gz"
            )
        return self._file.read(size)
