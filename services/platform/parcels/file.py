"""A parcel as a file that can seek, for readers that know no other; they run in a thread, the store in the loop."""

import asyncio
import hashlib
import io
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, BinaryIO, Final
from uuid import UUID

from contracts.values import Parcel
from services.platform.parcels.errors import ParcelBrokenError
from services.platform.parcels.parcels import Parcels

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BUFFER_BYTES: Final = 1024 * 1024
KEPT: Final = 2
"""Parts in memory at once: a reader that seeks goes to and fro between two places."""


def digest_of(part: bytes) -> bytes:
    """The SHA-256 of a part."""
    return hashlib.sha256(part).digest()


def parcel_file(parcels: Parcels, environment_id: UUID, parcel: Parcel, digests: Sequence[bytes]) -> BinaryIO:
    """The parcel as a file; made in the loop, read in a thread. Errors of the store come through as they are.

    `digests`: of each part as it was checked; reading raises ParcelBrokenError for one that is another by now.
    """
    return io.BufferedReader(_Parts(parcels, environment_id, parcel, digests), BUFFER_BYTES)


class _Parts(io.RawIOBase):
    """Reads within one part at a time."""

    def __init__(self, parcels: Parcels, environment_id: UUID, parcel: Parcel, digests: Sequence[bytes]) -> None:
        super().__init__()
        self._parcels = parcels
        self._environment_id = environment_id
        self._parcel = parcel
        self._digests = digests
        self._loop = asyncio.get_running_loop()
        self._parts: dict[int, bytes] = {}
        self._at = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Where the next read begins."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """See io.RawIOBase. Raises OSError for a place before the begin."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._parcel.size_bytes}[whence]
        if base + offset < 0:
            raise OSError("a place before the begin of the file")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Some of the next bytes, at most to the end of a part."""
        view = memoryview(buffer).cast("B")
        if self._at >= self._parcel.size_bytes or not view:
            return 0
        number, begin = divmod(self._at, self._parcel.part_bytes)
        piece = memoryview(self._part(number))[begin : begin + len(view)]
        view[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def _part(self, number: int) -> bytes:
        if number not in self._parts:
            fetching = self._parcels.fetch(self._environment_id, self._parcel, number)
            part = asyncio.run_coroutine_threadsafe(fetching, self._loop).result()()
            if digest_of(part) != self._digests[number]:
                reason = f"part {number} of parcel {self._parcel.parcel_id} is another than was checked: send it again"
                raise ParcelBrokenError(reason)
            while len(self._parts) >= KEPT:
                del self._parts[next(iter(self._parts))]
            self._parts[number] = part
        return self._parts[number]
