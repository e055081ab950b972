"""zstd, both ways and within bounds; what does not compress stays as it is."""

import sys
import threading
from typing import Final

from services.platform.repository.errors import ContentCorruptError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LEVEL: Final = 3
"""Of documents and lists; higher levels cost more than the bytes they save."""
DUMP_LEVEL: Final = 1
"""A first night is bound by the processor: level 3 took 1.4 times as long and stored 5 % more, measured."""
DELTA_LEVEL: Final = 1
"""Against an earlier dump nearly everything is found at once: a higher level searches for nothing."""
DELTA_WINDOW_LOG: Final = 27
"""128 MiB: prefix and segment lie well within it."""
WORTH_IT: Final = 0.97
"""What keeps more of its size is stored as it is: reading it back costs nothing then."""
MAX_OBJECT_BYTES: Final = 256 * 1024 * 1024
"""Of a manifest or an index, uncompressed: more is no object of ours."""

_own = threading.local()
"""Each thread's compressors by level: making one costs more than compressing a small document."""


def compress(data: bytes, level: int = LEVEL) -> bytes:
    """One frame that tells the size of its input."""
    made: dict[int, zstd.ZstdCompressor] = _own.__dict__.setdefault("compressors", {})
    compressor = made.get(level) or made.setdefault(level, zstd.ZstdCompressor(level))
    compressor.set_pledged_input_size(len(data))
    return compressor.compress(data, zstd.ZstdCompressor.FLUSH_FRAME)


def decompress(frame: bytes, at_most_bytes: int, prefix: bytes | None = None) -> bytes:
    """The input of one frame. Raises ContentCorruptError for what is no frame, or claims to be larger."""
    try:
        size_bytes = zstd.get_frame_info(frame).decompressed_size
        if size_bytes is None or size_bytes > at_most_bytes:
            raise ContentCorruptError("stored bytes are damaged: they claim a size that nothing of ours has")
        if prefix is None:
            return zstd.decompress(frame)
        options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: DELTA_WINDOW_LOG}
        return zstd.decompress(frame, zstd.ZstdDict(prefix, is_raw=True).as_prefix, options)
    except (zstd.ZstdError, ValueError) as error:  # a prefix that is too short for one is a ValueError
        raise ContentCorruptError(f"stored bytes are damaged: {error}") from error


def compress_against(prefix: bytes, data: bytes) -> bytes:
    """One frame that holds what `data` has and `prefix` has not (a zstd prefix delta)."""
    parameter = zstd.CompressionParameter
    options: dict[int, int] = {
        parameter.compression_level: DELTA_LEVEL,
        parameter.window_log: DELTA_WINDOW_LOG,
        parameter.enable_long_distance_matching: 1,
        parameter.content_size_flag: 1,
    }
    compressor = zstd.ZstdCompressor(options=options, zstd_dict=zstd.ZstdDict(prefix, is_raw=True).as_prefix)
    compressor.set_pledged_input_size(len(data))
    return compressor.compress(data, zstd.ZstdCompressor.FLUSH_FRAME)
