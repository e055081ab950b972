"""Backups in a repository of a test's own, and archives of them with their index in memory."""

import random
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

from contracts.events.archives import DataType
from contracts.manifest import DocumentLine, Lines, Manifest
from services.platform.archives.index import SEGMENT_BYTES, Page, pack, unpack
from services.platform.archives.making import Bench, Indexed, index_archive
from services.platform.archives.remaking import remade
from services.platform.archives.workshop import Workshop
from services.platform.objectstore import DirectoryObjectStore, ObjectStore
from services.platform.repository import EnvironmentRepository, RepositoryV2
from tests.support.manifests import manifest

PIECE = 99_983


def repository_of(store: ObjectStore, master: bytes, environment_id: UUID) -> EnvironmentRepository:
    """An environment's repository in a store."""
    return RepositoryV2(store, master).of(environment_id)


def repository_in(directory: Path) -> EnvironmentRepository:
    """A repository of an environment of its own, below a directory."""
    return repository_of(DirectoryObjectStore(directory), bytes(32), uuid4())


async def stored(repository: EnvironmentRepository, dump: bytes, documents: Mapping[UUID, bytes]) -> Manifest:
    """A backup of this dump and these documents."""
    database = await repository.store(_pieces(dump))
    lines = [await _line(repository, id_, documents[id_]) for id_ in sorted(documents)]
    text = b"".join(line.model_dump_json().encode() + b"\n" for line in lines)
    listed = await repository.store(_pieces(text))
    listing = Lines(contents=listed.contents, hash=listed.hash, bytes=len(text), count=len(lines))
    known = manifest(environment_id=repository.environment_id, key_id=repository.key_id)
    files = {"count": len(lines), "bytes": sum(map(len, documents.values())), "listing": listing, "dangling": None}
    parts = {"contents": database.contents, "hash": database.hash, "bytes": len(dump)}
    return known.model_copy(
        update={"database": known.database.model_copy(update=parts), "files": known.files.model_copy(update=files)}
    )


async def _line(repository: EnvironmentRepository, document_id: UUID, data: bytes) -> DocumentLine:
    kept = await repository.store(_pieces(data))
    name = str(document_id)
    return DocumentLine(
        id=document_id,
        place=f"{name[:2]}/{name[2:4]}/{name}",
        size=len(data),
        stamp="1",
        settled=True,
        referenced=True,
        contents=kept.contents,
        hash=kept.hash,
    )


async def _pieces(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), PIECE):
        yield data[start : start + PIECE]


@dataclass
class Archive:
    """An archive in memory: its index, from which any of its bytes are made."""

    repository: EnvironmentRepository
    workshop: Workshop
    pages: list[bytes] = field(default_factory=list)
    indexed: Indexed = field(default=Indexed(b"", 0, None))

    async def put(self, page: Page) -> None:
        """See Shelf."""
        self.pages.append(pack(page))

    async def head(self) -> bytes:
        """See Index."""
        return self.indexed.head

    async def page_at(self, offset: int) -> Page:
        """See Index."""
        return next(page for page in map(unpack, self.pages) if page.start <= offset < page.end)

    async def read(self, start: int = 0, end: int | None = None) -> bytes:
        """A range of it."""
        stop = self.indexed.size_bytes if end is None else end
        return b"".join([data async for data in remade(self.repository, self, self.workshop, start, stop)])


async def archived(
    repository: EnvironmentRepository,
    backup: Manifest,
    data_type: DataType,
    workshop: Workshop,
    segment_bytes: int = SEGMENT_BYTES,
) -> Archive:
    """The archive of a backup; smaller segments make several pages of little."""
    archive = Archive(repository, workshop)
    bench = Bench(repository, archive, workshop, _told_nothing, segment_bytes, page_segments=3)
    archive.indexed = await index_archive(bench, backup, data_type)
    return archive


async def _told_nothing(_read: int) -> None:
    """Nobody watches."""


def documents(count: int, size_bytes: int, seed: int = 1) -> dict[UUID, bytes]:
    """Documents that do not compress."""
    chance = random.Random(seed)  # noqa: S311 -- the same documents every time
    return {UUID(int=chance.getrandbits(128), version=4): chance.randbytes(size_bytes) for _ in range(count)}
