"""Takes what was sent apart and keeps it in the repository, where a restore finds what it brings in.

What nothing refers to afterwards is reclaimed like everything else that no backup needs, and never within a day.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from pydantic import TypeAdapter, ValidationError

from contracts.events.archives import DataType
from contracts.manifest import ContentSequence, DocumentLine, DumpChain, Lines
from contracts.values import ModelVersion
from services.platform.archives.incoming import Entry, Item, Limits, What, WrongFormatError, read_archive
from services.platform.archives.incoming.recognising import must_be_dump
from services.platform.archives.tar import document_name
from services.platform.repository import EnvironmentRepository, StoredSequence
from services.platform.unpacking.sent import SentDocuments, sent_documents

Told = Callable[[int, int], Awaitable[None]]
"""Told how many bytes of the archive have been read, and how many documents kept."""
BATCH_BYTES: Final = 1024 * 1024
"""Read in one go in a thread: small documents are many."""
ENTRY_BYTES: Final = 256
"""What an entry counts for there."""
_MODEL_VERSION: Final[TypeAdapter[str]] = TypeAdapter(ModelVersion)


@dataclass(frozen=True)
class Unpacked:
    """What was in it. `dump` is None where there was none; `model_version` what the archive tells of the app.

    `…_stored_bytes` is what it added to the store; `chain` what the next dump must know of this one.
    """

    dump: ContentSequence | None
    chain: DumpChain | None
    listing: Lines
    documents_bytes: int
    dump_stored_bytes: int
    files_stored_bytes: int
    model_version: str | None


@dataclass(frozen=True)
class Source:
    """A file that blocks, so it is read in threads; what it may grow to; and who hears how far the reading is."""

    file: BinaryIO
    limits: Limits
    told: Told


async def unpack(source: Source, repository: EnvironmentRepository, data_type: DataType, scratch: Path) -> Unpacked:
    """Read all of an archive once, in bounded memory.

    Raises the ArchiveRefusedError tree, and what file and repository raise; nothing refers to what was kept by then.
    """
    async with sent_documents(scratch) as documents:
        unpacking = _Unpacking(repository, documents)
        items = _Items(source, documents)
        while (entry := await items.entry()) is not None:
            await unpacking.take(entry, items)
        _refuse_other_than(data_type, has_dump=unpacking.dump is not None, has_documents=documents.count > 0)
        stored = await repository.store_parts(documents.parts())
        listing = Lines(contents=stored.contents, hash=stored.hash, bytes=stored.bytes, count=documents.count)
        return Unpacked(
            dump=unpacking.dump,
            chain=unpacking.chain,
            listing=listing,
            documents_bytes=documents.bytes,
            dump_stored_bytes=unpacking.dump_stored_bytes,
            files_stored_bytes=unpacking.files_stored_bytes + stored.stored_bytes,
            model_version=unpacking.model_version,
        )


class _Items:
    """The entries of an archive, and the bytes of the present one."""

    def __init__(self, source: Source, documents: SentDocuments) -> None:
        self._source = source
        self._documents = documents
        self._items = read_archive(source.file, source.limits)
        self._batch: Iterator[Item] = iter(())
        self._next: Item | None = None
        self._begun = False

    async def entry(self) -> Entry | None:
        """The next one, whose bytes are next then; None at the end."""
        if not self._begun:
            self._begun = True
            await self._advance()
        found = self._next
        assert not isinstance(found, bytes)  # noqa: S101 -- whoever took the entry before has read all of it
        await self._advance()
        return found

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """The bytes of the present entry."""
        while isinstance(self._next, bytes):
            piece = self._next
            await self._advance()
            yield piece

    async def _advance(self) -> None:
        self._next = next(self._batch, None)
        if self._next is None:
            batch = await asyncio.to_thread(_some, self._items)
            await self._source.told(self._source.file.tell(), self._documents.count)
            self._batch = iter(batch)
            self._next = next(self._batch, None)


def _some(items: Iterator[Item]) -> list[Item]:
    batch: list[Item] = []
    size = 0
    while size < BATCH_BYTES and (item := next(items, None)) is not None:
        batch.append(item)
        size += len(item) if isinstance(item, bytes) else ENTRY_BYTES
    return batch


class _Unpacking:
    """What has come so far."""

    def __init__(self, repository: EnvironmentRepository, documents: SentDocuments) -> None:
        self._repository = repository
        self._documents = documents
        self.dump: ContentSequence | None = None
        self.chain: DumpChain | None = None
        self.dump_stored_bytes = self.files_stored_bytes = 0
        self.model_version: str | None = None

    async def take(self, entry: Entry, items: _Items) -> None:
        """Keep one entry."""
        match entry.what:
            case What.METADATA:
                self.model_version = _model_version(b"".join([piece async for piece in items.pieces()]))
            case What.DUMP:
                stored = await self._repository.store_dump(_of_dump(items.pieces()), None)
                whole = stored.sequence
                self.dump = ContentSequence(contents=whole.contents, hash=whole.hash, bytes=whole.bytes)
                self.chain = stored.chain
                self.dump_stored_bytes = whole.stored_bytes + stored.prints_stored_bytes
            case What.DOCUMENT:
                document = await self._stored(items.pieces())
                self._documents.add(_line(entry, document))
                self.files_stored_bytes += document.stored_bytes

    async def _stored(self, pieces: AsyncGenerator[bytes, None]) -> StoredSequence:
        first = await anext(pieces, b"")
        second = await anext(pieces, None)
        if second is None:
            return await self._repository.store_bytes(first)
        return await self._repository.store(_joined(first, second, pieces))


def _line(entry: Entry, stored: StoredSequence) -> DocumentLine:
    assert entry.document_id is not None  # noqa: S101 -- a document has one
    return DocumentLine(
        id=entry.document_id,
        place=document_name(entry.document_id).partition("/")[2],
        size=stored.bytes,
        stamp="",
        settled=False,
        referenced=None,
        contents=stored.contents,
        hash=stored.hash,
    )


async def _joined(first: bytes, second: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    yield second
    async for piece in rest:
        yield piece


async def _of_dump(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes. Raises WrongFormatError where they do not begin like a dump."""
    first = await anext(pieces, b"")
    must_be_dump(first)
    yield first
    async for piece in pieces:
        yield piece


def _model_version(metadata: bytes) -> str | None:
    """What `.metadata` says of the app. Raises WrongFormatError."""
    try:
        told = json.loads(metadata)
        named = told.get("modelVersion") or None
        return None if named is None else _MODEL_VERSION.validate_python(named, strict=True)
    except (ValueError, RecursionError, AttributeError, ValidationError) as error:
        raise WrongFormatError("the archive's .metadata is no JSON object with a modelVersion") from error


def _refuse_other_than(data_type: DataType, *, has_dump: bool, has_documents: bool) -> None:
    """Raises WrongFormatError for an archive that holds something else than was announced."""
    expected = {
        DataType.DATABASE_ONLY: has_dump and not has_documents,
        DataType.FILES_ONLY: has_documents and not has_dump,
        DataType.FILES_AND_DATABASE: has_dump,
    }
    if not expected[data_type]:
        held = [what for what, there in (("a dump", has_dump), ("documents", has_documents)) if there]
        raise WrongFormatError(f"it was announced as {data_type} and holds {' and '.join(held) or 'neither'}")
