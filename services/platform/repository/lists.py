"""Reads the lists that a manifest names, in bounded memory: documents, dangling references (contracts/FORMAT.md)."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from functools import cache
from typing import Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from contracts.manifest import DanglingLine, DocumentLine, Lines
from contracts.values import Value
from services.platform.repository.errors import ContentCorruptError
from services.platform.repository.port import EnvironmentRepository

SLICE_BYTES: Final = 512 * 1024
"""Parsed at once: about two thousand documents."""

L = TypeVar("L", bound=Value)


async def read_documents(repository: EnvironmentRepository, listing: Lines) -> AsyncIterator[Sequence[DocumentLine]]:
    """A backup's documents in batches, sorted by id. Raises the ContentMissingError and ContentCorruptError."""
    async with aclosing(_read(repository, listing, DocumentLine)) as batches:
        async for _, lines in batches:
            yield lines


async def read_document_texts(
    repository: EnvironmentRepository, listing: Lines
) -> AsyncIterator[Sequence[tuple[DocumentLine, str]]]:
    """The same, each with its line as it is stored, for whoever writes it again. Raises as `read_documents`."""
    async with aclosing(_read(repository, listing, DocumentLine)) as batches:
        async for text, lines in batches:
            yield list(zip(lines, text.decode().split("\n"), strict=True))


async def read_dangling(repository: EnvironmentRepository, dangling: Lines) -> AsyncIterator[Sequence[DanglingLine]]:
    """A backup's dangling references in batches, sorted by id. Raises as `read_documents`."""
    async with aclosing(_read(repository, dangling, DanglingLine)) as batches:
        async for _, lines in batches:
            yield lines


async def _read(
    repository: EnvironmentRepository, lines: Lines, kind: type[L]
) -> AsyncGenerator[tuple[bytes, Sequence[L]], None]:
    rest = b""
    async with aclosing(repository.read(lines.contents)) as contents:
        async for content in contents:
            for piece in _slices(content):
                whole, newline, rest = (rest + piece).rpartition(b"\n")
                if newline:
                    yield whole, await asyncio.to_thread(_parsed, whole, kind)
    if rest:
        raise ContentCorruptError("a list ends in the middle of a line")


def _slices(content: bytes) -> Iterator[bytes]:
    return (content[start : start + SLICE_BYTES] for start in range(0, len(content), SLICE_BYTES))


def _parsed(text: bytes, kind: type[L]) -> Sequence[L]:
    try:
        lines = _array_of(kind).validate_json(b"[%b]" % text.replace(b"\n", b","))
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        raise ContentCorruptError(f"a list has a line that is none: {problem['loc']}: {problem['msg']}") from error
    if len(lines) != text.count(b"\n") + 1:
        raise ContentCorruptError("a list has a line that is several")
    return lines


@cache
def _array_of(kind: type[L]) -> TypeAdapter[list[L]]:
    """Read at once, lines take half as long as one by one."""
    return TypeAdapter(list[kind])  # type: ignore[valid-type]  # -- a type that is known when it runs
