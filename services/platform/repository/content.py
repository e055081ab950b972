"""One content: its name and its stored form, both ways (contracts/FORMAT.md, "Contents")."""

import sys
import threading
from collections.abc import Sequence
from typing import Final

from contracts.manifest import CONTENT_BYTES
from services.platform.repository.errors import ContentCorruptError
from services.platform.repository.hashing import keyed_hash

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LEVEL: Final = 3
"""A dump to a quarter of its size at 300 MB/s; higher levels cost more than the bytes they save."""


_own = threading.local()
"""Each thread's compressor: making one costs more than compressing a small document."""


def pack(key: bytes, pieces: Sequence[bytes]) -> tuple[str, bytes]:
    """The name of a content, given in pieces, and what is stored under it.

    Busy for a while: not for the event loop unless the content is small.
    """
    return keyed_hash(key, *pieces), _compressed(pieces)


def _compressed(pieces: Sequence[bytes]) -> bytes:
    compressor: zstd.ZstdCompressor | None = getattr(_own, "compressor", None)
    if compressor is None:
        compressor = _own.compressor = zstd.ZstdCompressor(LEVEL)
    compressor.set_pledged_input_size(sum(map(len, pieces)))
    stored = [compressor.compress(piece) for piece in pieces]
    stored.append(compressor.flush(zstd.ZstdCompressor.FLUSH_FRAME))
    return b"".join(stored)


def unpack(key: bytes, name: str, stored: bytes) -> bytes:
    """What was stored under `name`. Raises ContentCorruptError unless it is exactly that."""
    try:
        size_bytes = zstd.get_frame_info(stored).decompressed_size
        if size_bytes is None or size_bytes > CONTENT_BYTES:
            raise ContentCorruptError(f"the content {name} is damaged: it claims a size that no content has")
        data = zstd.decompress(stored)
    except zstd.ZstdError as error:
        raise ContentCorruptError(f"the content {name} is damaged: {error}") from error
    if keyed_hash(key, data) != name:
        raise ContentCorruptError(f"the content {name} is damaged: its bytes have another keyed hash")
    return data
