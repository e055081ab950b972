"""Reads a tar.gz from first byte to last, strictly: what Python's own reader would pass over is an error here."""

import gzip
import tarfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final

from services.platform.archives.incoming.errors import DamagedArchiveError, HostileArchiveError
from services.platform.archives.incoming.guarding import Guard
from services.platform.archives.incoming.names import Entry, shown
from services.platform.archives.tar import BLOCK_BYTES

PIECE_BYTES: Final = 1024 * 1024
PAX_BYTES: Final = 64 * 1024
"""An extended header has a few lines."""
_ZEROS: Final = bytes(BLOCK_BYTES)
_REFUSED: Final = {
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.LNKTYPE: "a hard link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a pipe",
    tarfile.GNUTYPE_SPARSE: "a sparse file",
    tarfile.GNUTYPE_LONGNAME: "a name longer than any document's",
    tarfile.GNUTYPE_LONGLINK: "a link",
}
_FILES: Final = (tarfile.REGTYPE, tarfile.AREGTYPE)
_RENAMING: Final = ("path", "linkpath", "GNU.sparse.")


def read_tar(file: BinaryIO, guard: Guard) -> Iterator[Entry | bytes]:
    """Each file's entry, then its bytes. Raises the ArchiveRefusedError tree."""
    try:
        with gzip.GzipFile(fileobj=file, mode="rb") as unpacked:
            yield from _Tar(unpacked, guard).items()
    except EOFError as error:
        raise DamagedArchiveError("the archive is cut short: its compressed stream has no end") from error
    except (zlib.error, gzip.BadGzipFile) as error:
        raise DamagedArchiveError(f"the archive is damaged: {error}") from error


class _Tar:
    def __init__(self, file: gzip.GzipFile, guard: Guard) -> None:
        self._file = file
        self._guard = guard

    def items(self) -> Iterator[Entry | bytes]:
        """All of the tar, to the end of the compressed stream."""
        size_from_pax: int | None = None
        while (block := self._take(BLOCK_BYTES)) != _ZEROS:
            info = self._header(block)
            if info.type in (tarfile.XHDTYPE, tarfile.XGLTYPE):
                size_from_pax = self._pax_size(info)
                continue
            yield from self._item(info, info.size if size_from_pax is None else size_from_pax)
            size_from_pax = None
        self._drain()

    def _item(self, info: tarfile.TarInfo, size_bytes: int) -> Iterator[Entry | bytes]:
        if info.type == tarfile.DIRTYPE:
            self._guard.directory(info.name)
            return
        if info.type not in _FILES:
            what = _REFUSED.get(info.type, f"of the unknown type {info.type!r}")
            raise HostileArchiveError(f"{shown(info.name)} is {what}: an archive holds files alone")
        yield self._guard.file(info.name, size_bytes)
        left = size_bytes
        while left:
            piece = self._take(min(left, PIECE_BYTES))
            left -= len(piece)
            yield piece
        self._take(-size_bytes % BLOCK_BYTES)

    def _header(self, block: bytes) -> tarfile.TarInfo:
        try:
            info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.HeaderError as error:
            raise DamagedArchiveError(f"the archive is no tar, or damaged: {error}") from error
        if info.size < 0:
            raise HostileArchiveError(f"{shown(info.name)} says that it has {info.size} bytes")
        return info

    def _pax_size(self, info: tarfile.TarInfo) -> int | None:
        """The size that an extended header gives the next file; one that renames it is not for documents."""
        if info.size > PAX_BYTES:
            raise HostileArchiveError("an extended header of the archive is too large")
        size: int | None = None
        for keyword, value in _pax_lines(self._take(info.size)):
            if keyword.startswith(_RENAMING):
                raise HostileArchiveError(f"an extended header gives a file another name or form: {shown(value)}")
            if keyword == "size":
                size = _number(value)
        self._take(-info.size % BLOCK_BYTES)
        return size

    def _take(self, size_bytes: int) -> bytes:
        """Exactly so many bytes. Raises DamagedArchiveError where they are not there."""
        self._guard.unpacked(size_bytes)
        pieces = bytearray()
        while len(pieces) < size_bytes:
            piece = self._file.read(size_bytes - len(pieces))
            if not piece:
                raise DamagedArchiveError("the archive is cut short: it ends before its last entry does")
            pieces += piece
        return bytes(pieces)

    def _drain(self) -> None:
        """Behind the end there are zeros alone; reading them has the checksum of the stream checked."""
        while piece := self._file.read(PIECE_BYTES):
            self._guard.unpacked(len(piece))
            if piece.strip(b"\0"):
                raise HostileArchiveError("something is hidden behind the end of the archive")


def _pax_lines(data: bytes) -> Iterator[tuple[str, str]]:
    """Lines of `<length> <keyword>=<value>`; the length counts all of it, the newline too."""
    at = 0
    while at < len(data):
        digits, space, _ = data[at : at + 20].partition(b" ")
        length = _number(digits.decode("ascii", "replace")) if space else 0
        line = data[at : at + length]
        if length <= len(digits) + 1 or not line.endswith(b"\n"):
            raise DamagedArchiveError("the archive is damaged: an extended header cannot be read")
        keyword, _, value = line[len(digits) + 1 : -1].decode("utf-8", "surrogateescape").partition("=")
        yield keyword, value
        at += length


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 18:  # noqa: PLR2004 -- no file of this world is larger
        raise DamagedArchiveError(f"the archive is damaged: {shown(text)} is no size")
    return int(text)
