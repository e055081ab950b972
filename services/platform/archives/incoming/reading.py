"""Reads an archive of whatever form in one pass."""

import os
from collections.abc import Iterator
from typing import BinaryIO

from services.platform.archives.incoming.errors import WrongFormatError
from services.platform.archives.incoming.guarding import Guard, Limits
from services.platform.archives.incoming.names import Entry, What
from services.platform.archives.incoming.recognising import HEAD_BYTES, Form, recognised
from services.platform.archives.incoming.tar import PIECE_BYTES, read_tar
from services.platform.archives.incoming.zip import read_zip

Item = Entry | bytes
"""An entry, then its bytes in pieces, then the next entry."""


def read_archive(file: BinaryIO, limits: Limits) -> Iterator[Item]:
    """All that a seekable file holds; a dump alone is one entry. Raises the ArchiveRefusedError tree.

    Documents that come twice are for whoever keeps them to notice: there may be millions.
    """
    packed_bytes = file.seek(0, os.SEEK_END)
    file.seek(0)
    form = recognised(file.read(HEAD_BYTES))
    file.seek(0)
    match form:
        case Form.DUMP:
            yield Entry(What.DUMP)
            while piece := file.read(PIECE_BYTES):
                yield piece
        case Form.TAR_GZ:
            yield from _not_empty(read_tar(file, Guard(limits, packed_bytes)))
        case Form.ZIP:
            yield from _not_empty(read_zip(file, Guard(limits, packed_bytes)))


def _not_empty(items: Iterator[Item]) -> Iterator[Item]:
    empty = True
    for item in items:
        empty = False
        yield item
    if empty:
        raise WrongFormatError("there is nothing in the archive")
