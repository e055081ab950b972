"""The forms in which a content's bytes are stored (contracts/FORMAT.md, "Contents")."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from struct import Struct, error
from typing import Final

from contracts.manifest import CONTENT_BYTES
from services.platform.repository.compression import LEVEL, WORTH_IT, compress, compress_against, decompress
from services.platform.repository.errors import ContentCorruptError
from services.platform.repository.names import DIGEST_BYTES, digest_of, name_from, name_of

_DELTA: Final = Struct(">BII")
"""Number of bases, bytes to skip in the first of them, length of the prefix."""
MAX_BASES: Final = 8
"""A stretch covers a segment and a margin on both sides: three segments, or a few more at the end of a dump."""


class Form(IntEnum):
    """How a content is stored."""

    RAW = 0
    ZSTD = 1
    DELTA = 2


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of an earlier dump: `length` bytes, `skip` behind the begin of the first of its contents."""

    bases: tuple[str, ...]
    skip: int
    length: int

    def cut(self, contents: Sequence[bytes]) -> bytes:
        """The bytes of it, from those of its contents."""
        return b"".join(contents)[self.skip : self.skip + self.length]


def encoded(data: bytes, level: int = LEVEL) -> tuple[Form, bytes]:
    """The smaller form of the two that need nothing else."""
    frame = compress(data, level)
    return (Form.ZSTD, frame) if len(frame) < WORTH_IT * len(data) else (Form.RAW, data)


def encoded_against(stretch: Stretch, prefix: bytes, data: bytes) -> bytes:
    """The form DELTA of `data`."""
    head = _DELTA.pack(len(stretch.bases), stretch.skip, stretch.length)
    return head + b"".join(map(digest_of, stretch.bases)) + compress_against(prefix, data)


def stretch_of(payload: bytes) -> Stretch:
    """What a delta was made against. Raises ContentCorruptError."""
    try:
        count, skip, length = _DELTA.unpack_from(payload)
    except error as broken:
        raise ContentCorruptError("a delta is cut short") from broken
    end = _DELTA.size + count * DIGEST_BYTES
    if not 0 < count <= MAX_BASES or len(payload) < end or length > count * CONTENT_BYTES:
        raise ContentCorruptError("a delta does not say what it was made against")
    digests = (payload[start : start + DIGEST_BYTES] for start in range(_DELTA.size, end, DIGEST_BYTES))
    return Stretch(tuple(map(name_from, digests)), skip, length)


def decoded(form: int, payload: bytes, prefix: bytes | None = None) -> bytes:
    """The content's bytes. Raises ContentCorruptError."""
    match form:
        case Form.RAW:
            return payload
        case Form.ZSTD:
            return decompress(payload, CONTENT_BYTES)
        case Form.DELTA:
            frame = payload[_DELTA.size + len(stretch_of(payload).bases) * DIGEST_BYTES :]
            return decompress(frame, CONTENT_BYTES, prefix)
    raise ContentCorruptError(f"a content has the form {form}, which this release does not know: upgrade it")


def checked(key: bytes, name: str, form: int, payload: bytes, prefix: bytes | None = None) -> bytes:
    """The same, of the content `name`. Raises ContentCorruptError unless the bytes are what the name says."""
    try:
        data = decoded(form, payload, prefix)
    except ContentCorruptError as error:
        raise ContentCorruptError(f"the content {name} is damaged: {error.reason}") from error
    if name_of(key, data) != name:
        raise ContentCorruptError(f"the content {name} is damaged: its bytes have another keyed hash")
    return data
