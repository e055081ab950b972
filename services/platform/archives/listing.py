"""The documents of a backup, page by page, and one of them by its id, without reading all of the list.

The list is sorted by id and its parts can be read by themselves: a page says in which part the next one begins, and a
document's part is found by halving.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from contracts.manifest import DocumentLine, FilesPart, Lines
from services.platform.repository import EnvironmentRepository, read_documents

BEFORE_ALL: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class At:
    """Behind the document `after`, which is in the part of this number or before it."""

    part: int = 0
    after: UUID = BEFORE_ALL


@dataclass(frozen=True, slots=True)
class Page:
    """Some documents; `next` is where to go on, None at the end."""

    documents: Sequence[DocumentLine]
    next: At | None


async def documents_from(repository: EnvironmentRepository, files: FilesPart, at: At, limit: int) -> Page:
    """The next documents. Raises ContentMissingError, ContentCorruptError."""
    found = list[DocumentLine]()
    for number, part in enumerate(_parts(files)[at.part :], at.part):
        async with aclosing(_lines(repository, part)) as lines:
            async for line in lines:
                if line.id <= at.after:
                    continue
                if len(found) == limit:
                    return Page(found, At(number, found[-1].id))
                found.append(line)
    return Page(found, None)


async def find_document(repository: EnvironmentRepository, files: FilesPart, document_id: UUID) -> DocumentLine | None:
    """The document of this id; None when the backup has none. Raises as `documents_from`."""
    parts = _parts(files)
    begin, end = 0, len(parts)
    while end - begin > 1:
        middle = (begin + end) // 2
        first = await _first(repository, parts[middle])
        begin, end = (begin, middle) if first is None or document_id < first.id else (middle, end)
    for part in parts[begin:end]:
        async with aclosing(_lines(repository, part)) as lines:
            async for line in lines:
                if line.id == document_id:
                    return line
    return None


def _parts(files: FilesPart) -> Sequence[Lines]:
    return files.listing_parts() if files.count else ()


async def _first(repository: EnvironmentRepository, part: Lines) -> DocumentLine | None:
    async with aclosing(_lines(repository, part)) as lines:
        return await anext(lines, None)


async def _lines(repository: EnvironmentRepository, part: Lines) -> AsyncGenerator[DocumentLine, None]:
    async for batch in read_documents(repository, part):
        for line in batch:
            yield line
