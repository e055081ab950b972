"""How large an archive will be, from a sample of what it is made of: close before the pass, exact after it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from contracts.events.archives import DataType
from contracts.manifest import DocumentLine, Manifest
from services.platform.archives import tar
from services.platform.archives.deflate import gzip_member
from services.platform.archives.workshop import Workshop
from services.platform.repository import EnvironmentRepository, read_documents

DUMP_SAMPLES: Final = 24
"""Contents looked at, of a dump that has more: a table is many of them, or few."""
DUMP_SLICES: Final = 96
"""Of a small dump that is all of it, of a large one four in each content."""
SLICE_BYTES: Final = 256 * 1024
"""Long enough that how a compressor begins does not show."""
DOCUMENT_SAMPLES: Final = 256
DOCUMENT_BYTES: Final = 1024 * 1024


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
        sampled = await _of_dump(repository, manifest.database.contents, workshop)
        size_bytes += sampled.of(manifest.database.bytes)
    if data_type is not DataType.DATABASE_ONLY and manifest.files.count:
        size_bytes += await _of_documents(repository, manifest, workshop)
    return size_bytes


async def _of_dump(repository: EnvironmentRepository, contents: Sequence[str], workshop: Workshop) -> _Sampled:
    read = made = 0
    chosen = _spread(contents, DUMP_SAMPLES)
    async with aclosing(repository.read(chosen)) as sample:
        async for content in sample:
            for one in _slices(content, DUMP_SLICES // len(chosen)):
                read += len(one)
                made += len(await workshop.do(gzip_member, one))
    return _Sampled(read, made)


async def _of_documents(repository: EnvironmentRepository, manifest: Manifest, workshop: Workshop) -> int:
    """Headers and bytes apart: how large documents are differs more than how they compress."""
    lines = await _every_nth(read_documents(repository, manifest.files.listing), manifest.files.count)
    read = made = headers = 0
    async with aclosing(repository.read([line.contents[0] for line in lines])) as contents:
        for line in lines:
            one = (await anext(contents))[:DOCUMENT_BYTES]
            read += len(one)
            alone = len(await workshop.do(gzip_member, one))
            header = tar.header(tar.document_name(line.id), line.size, manifest.backup.created_at)
            headers += len(await workshop.do(gzip_member, header + one)) - alone
            made += alone
    per_document = headers / len(lines)
    return _Sampled(read, made).of(manifest.files.bytes) + round(per_document * manifest.files.count)


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
