"""Writes a backup into a directory: the dump, the documents, the manifest, and what could not be had.

What is damaged is named and left out; all the rest is written. Memory is bounded whatever the backup's size.
"""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from contracts.manifest import DocumentLine, Manifest, serialize
from services.platform.connectors.files import DocumentConflictError, DocumentStore, HostilePlaceError
from services.platform.connectors.files.directory import DirectoryDocuments
from services.platform.connectors.files.pacing import Pace
from services.platform.connectors.files.threads import threads
from services.platform.process.errors import PermanentError
from services.platform.repository import EnvironmentRepository, read_documents
from services.platform.repository.errors import ContentCorruptError, RepositoryError

DUMP: Final = "database.dump"
CUT: Final = ".incomplete"
"""Behind the name of a dump that ends at the first damage; `pg_restore` reads what comes before."""
FILES: Final = "files"
MANIFEST: Final = "manifest.json"
PROBLEMS: Final = "problems.jsonl"
UNFINISHED: Final = ".unfinished"

OnBytes = Callable[[int], None]


class ExportRefusedError(PermanentError):
    """The export did not begin: something is there already, or it does not fit in."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written; `problems` counts what was not."""

    documents: int
    bytes: int
    problems: int


class Export:
    """One export of one backup into a directory that does not exist yet."""

    def __init__(self, repository: EnvironmentRepository, manifest: Manifest, target: Path, on_bytes: OnBytes) -> None:
        self._repository = repository
        self._manifest = manifest
        self._target = target
        self._work = target.with_name(target.name + UNFINISHED)
        self._on_bytes = on_bytes
        self._documents = 0
        self._bytes = 0
        self._told_bytes = 0
        self._problems = 0

    async def run(self, *, database: bool, files: bool) -> Exported:
        """Write everything beside the target, and give it its name at the end.

        Raises ExportRefusedError, and the errors of a store or a disk that is away.
        """
        files_bytes = self._manifest.files.bytes if files else 0
        await asyncio.to_thread(self._begin, files_bytes + (self._manifest.database.bytes if database else 0))
        (self._work / MANIFEST).write_bytes(serialize(self._manifest))
        with (self._work / PROBLEMS).open("wb") as problems:
            if database:
                await self._dump(problems)
            if files:
                await self._all_documents(problems)
        if not self._problems:
            (self._work / PROBLEMS).unlink()
        self._work.rename(self._target)
        return Exported(self._documents, self._bytes, self._problems)

    def _begin(self, needed_bytes: int) -> None:
        for path in (self._target, self._work):
            if os.path.lexists(path):
                raise ExportRefusedError(f"{path} is there already: name another directory, or remove it")
        if not self._target.parent.is_dir():
            raise ExportRefusedError(f"{self._target.parent} is no directory: make it first")
        if shutil.disk_usage(self._target.parent).free < needed_bytes:
            raise ExportRefusedError(f"{self._target.parent} has no room for {needed_bytes:,} bytes")
        self._work.mkdir(mode=0o700)

    async def _dump(self, problems: BinaryIO) -> None:
        """The dump is one file, so it ends at the first damage."""
        database = self._manifest.database
        path = self._work / DUMP
        try:
            with path.open("xb") as file:
                async with aclosing(self._repository.read(database.contents)) as contents:
                    async for content in contents:
                        await asyncio.to_thread(file.write, content)
                        self._count(len(content))
                await asyncio.to_thread(os.fsync, file.fileno())
            _refuse_other_size(path.stat().st_size, database.bytes)
        except RepositoryError as error:
            self._problem(problems, "the database", error)
            path.rename(path.with_name(DUMP + CUT))

    async def _all_documents(self, problems: BinaryIO) -> None:
        root = self._work / FILES
        root.mkdir(mode=0o700)
        async with threads() as own:
            documents = DirectoryDocuments(root, own)
            pace = Pace(self._tell)

            async def one(line: DocumentLine) -> None:
                async with pace.document(line.size) as passing:
                    await self._document(documents, line, passing.counted(self._pieces(line)), problems)

            await pace.each(self._lines(problems), one)
            await documents.settle()
            await documents.remove_area(self._manifest.backup_id)  # what adding has left empty

    async def _lines(self, problems: BinaryIO) -> AsyncGenerator[DocumentLine, None]:
        """The list in its parts: one that is damaged takes no other with it."""
        for part in self._manifest.files.listing_parts():
            try:
                async for lines in read_documents(self._repository, part):
                    for line in lines:
                        yield line
            except RepositoryError as error:
                self._problem(problems, "a part of the list of documents", error)

    async def _document(
        self, documents: DocumentStore, line: DocumentLine, pieces: AsyncIterator[bytes], problems: BinaryIO
    ) -> None:
        try:
            added = await documents.add(line.place, pieces)
        except (RepositoryError, HostilePlaceError, DocumentConflictError) as error:
            self._problem(problems, f"document {line.id} at {line.place}", error)
            return
        if added:
            self._documents += 1
            self._bytes += line.size
        else:
            self._problem(problems, f"document {line.id} at {line.place}", ContentCorruptError("its place is taken"))

    async def _pieces(self, line: DocumentLine) -> AsyncIterator[bytes]:
        size_bytes = 0
        async with aclosing(self._repository.read(line.contents)) as contents:
            async for content in contents:
                size_bytes += len(content)
                yield content
        _refuse_other_size(size_bytes, line.size)

    async def _tell(self, *, bytes_done: int = 0, **_: int | None) -> None:
        self._on_bytes(self._told_bytes + bytes_done)

    def _count(self, size_bytes: int) -> None:
        self._bytes += size_bytes
        self._told_bytes += size_bytes
        self._on_bytes(self._told_bytes)

    def _problem(self, problems: BinaryIO, what: str, error: PermanentError) -> None:
        self._problems += 1
        problems.write(json.dumps({"what": what, "reason": error.reason}).encode() + b"\n")


def _refuse_other_size(found: int, told: int) -> None:
    if found != told:
        raise ContentCorruptError(f"it has {found} bytes, and its manifest says {told}")


def first_problems(target: Path, count: int) -> Sequence[str]:
    """The first few problems of an export, in words."""
    try:
        with (target / PROBLEMS).open(encoding="utf-8") as file:
            told = [json.loads(line) for line, _ in zip(file, range(count), strict=False)]
    except FileNotFoundError:
        return ()
    return [f"{one['what']}: {one['reason']}" for one in told]
