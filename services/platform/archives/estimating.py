"""How large an archive will be, from a sample of what it is made of: close before the pass, exact after it."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from contracts.events.archives import DataType
from contracts.manifest import CONTENT_BYTES, DatabasePart, DocumentLine, Manifest
from services.platform.archives import tar
from services.platform.archives.deflate import gzip_member
from services.platform.archives.dump.lengths import without_lengths
from services.platform.archives.workshop import Workshop
from services.platform.repository import EnvironmentRepository, read_documents

DUMP_BYTES: Final = 24 * CONTENT_BYTES
"""Read at most of a dump; what is smaller is read whole, as a table may be the last few contents."""
DUMP_SLICES: Final = 96
"""Looked at, of the contents that are read, and one of each at least."""
SLICE_BYTES: Final = 256 * 1024
"""Long enough that how a compressor begins does not show."""
DOCUMENT_SAMPLES: Final = 256
DOCUMENT_BYTES: Final = 1024 * 1024
WINDOW_BYTES: Final = 32 * 1024
"""How far back a compressor looks: a header is like the one before it, where that is not farther away."""


@dataclass(frozen=True, slots=True)
class _Sampled:
    """Bytes looked at, and what became of them."""

    read: int = 0
    made: int = 0

    def of(self, size_bytes: int) -> int:
        """What will become of so many bytes."""
        return round(size_bytes * self.made / self.read) if self.read else size_bytes


async def estimate(
    repository: EnvironmentRepository, manifest: Manifest, data_type: DataType, workshop: Workshop
) -> int:
    """The size of the archive in bytes, by a sample. Raises what reading the repository raises."""
    size_bytes = 0
    if data_type is not DataType.FILES_ONLY:
        keep = without_lengths if data_type is DataType.DATABASE_ONLY else bytes
        sampled = await _of_dump(repository, manifest.database, keep, workshop)
        size_bytes += sampled.of(manifest.database.bytes)
    if data_type is not DataType.DATABASE_ONLY and manifest.files.count:
        size_bytes += await _of_documents(repository, manifest, workshop)
    return size_bytes


async def _of_dump(
    repository: EnvironmentRepository, database: DatabasePart, keep: Callable[[bytes], bytes], workshop: Workshop
) -> _Sampled:
    """A content counts by its size, however much of it was looked at; `keep` is what the archive has of a slice."""
    read = made = 0
    chosen = _spread(database.contents, max(1, DUMP_BYTES * len(database.contents) // max(1, database.bytes)))
    async with aclosing(repository.read(chosen)) as sample:
        async for content in sample:
            slices = _slices(content, max(1, DUMP_SLICES // len(chosen)))
            sizes = [len(await workshop.do(_kept_member, keep, one)) for one in slices]
            read += len(content)
            made += _Sampled(sum(map(len, slices)), sum(sizes)).of(len(content))
    return _Sampled(read, made)


def _kept_member(keep: Callable[[bytes], bytes], data: bytes) -> bytes:
    return gzip_member(keep(data))


async def _of_documents(repository: EnvironmentRepository, manifest: Manifest, workshop: Workshop) -> int:
    """Headers and bytes apart: how large documents are differs more than how they compress."""
    lines = await _every_nth(read_documents(repository, manifest.files.listing), manifest.files.count)
    read = made = headers = 0
    before = b""
    async with aclosing(repository.read([line.contents[0] for line in lines])) as contents:
        for line in lines:
            one = (await anext(contents))[:DOCUMENT_BYTES]
            read += len(one)
            alone = len(await workshop.do(gzip_member, one))
            made += alone
            header = tar.header(tar.document_name(line.id), line.size, manifest.backup.created_at)
            entry = header + one + tar.padding(len(one))
            headers += await workshop.do(_behind, before, entry) - alone
            before = (before + entry)[-WINDOW_BYTES:]
    per_document = headers / len(lines)
    return _Sampled(read, made).of(manifest.files.bytes) + round(per_document * manifest.files.count)


def _behind(before: bytes, entry: bytes) -> int:
    """How much longer what follows `before` makes an archive."""
    return len(gzip_member(before + entry)) - len(gzip_member(before))


async def _every_nth(batches: AsyncIterator[Sequence[DocumentLine]], count: int) -> list[DocumentLine]:
    step = max(count // DOCUMENT_SAMPLES, 1)
    found: list[DocumentLine] = []
    at = 0
    async for batch in batches:
        found += batch[-at % step :: step]
        at += len(batch)
    return found


def _spread(contents: Sequence[str], most: int) -> Sequence[str]:
    step = max(len(contents) / most, 1)
    return [contents[int(number * step)] for number in range(min(most, len(contents)))]


def _slices(content: bytes, most: int) -> Sequence[bytes]:
    step = max(SLICE_BYTES, len(content) // most)
    return [content[start : start + SLICE_BYTES] for start in range(0, len(content), step)]
