"""Reads the head of a dump, wherever the dump is stored: its contents, and the statements that are run apart."""

import asyncio
import codecs
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from services.platform.archives.dump.head import HEAD_LIMIT_BYTES
from services.platform.archives.dump.texts import read_texts
from services.platform.archives.errors import DumpError
from services.platform.connectors.database.children import PIPE_BYTES, Child, Invocation, output_of, running
from services.platform.connectors.database.errors import LoadError, OlderServerError, UnsupportedContentError
from services.platform.connectors.database.loading.contents import Contents, Kind, as_list, parse
from services.platform.connectors.database.loading.statements import Statement, split
from services.platform.connectors.database.loading.written import refuse_other_entries, refuse_other_statements
from services.platform.connectors.database.streams import closed_after
from services.platform.process.together import together

OpenDump = Callable[[], AsyncIterator[bytes]]
"""Begins the dump's stream anew; it need not be seekable."""
APART: Final = (
    Kind.SCHEMA,
    Kind.EXTENSION,
    Kind.POLICY,
    Kind.USER_MAPPING,
    Kind.GRANT,
    Kind.PUBLICATION,
    Kind.EVENT_TRIGGER,
)
"""What is run as statements of its own, before or after the load."""
AS_THEY_ARE: Final = APART[2:]
"""Of a dump that somebody sent, too; schemas and extensions of one are made by their names."""
_ENCODING: Final = re.compile(rb"^SET client_encoding = '([^']+)';", re.MULTILINE)
_PLAIN: Final = {"LC_ALL": "C"}


@dataclass(frozen=True)
class Archive:
    """What a dump says of itself. `encoding` is PostgreSQL's name; `apart` holds what is run as statements."""

    contents: Contents
    encoding: str
    apart: Mapping[Kind, tuple[Statement, ...]]


async def read_archive(pg_restore: Path, open_dump: OpenDump, scratch: Path, *, foreign: bool = False) -> Archive:
    """Read as much of the dump as its table of contents takes, keeping that much in a file under `scratch` meanwhile.

    Raises OlderServerError when `pg_restore` is too old for it, LoadError when it is no dump, or says more of itself
    than a dump does, and UnsupportedContentError for a `foreign` one that pg_dump has not written.
    """
    with TemporaryDirectory(dir=scratch, prefix="nightkeep-head-") as directory:
        head = Path(directory) / "head"
        contents = _parsed(await _listing(pg_restore, open_dump(), head))
        if foreign:
            await asyncio.to_thread(_refuse_entries, head, contents)
        async with together() as group:
            scripts = {kind: group.create_task(_script(pg_restore, head, contents, kind)) for kind in APART}
        encoding = _encoding(scripts[APART[-1]].result())
        apart = {kind: _statements(script.result(), encoding) for kind, script in scripts.items()}
        if foreign:
            refuse_other_statements(each for kind in AS_THEY_ARE for each in apart[kind])
        return Archive(contents, encoding, apart)


def _refuse_entries(head: Path, contents: Contents) -> None:
    try:
        refuse_other_entries(read_texts(head.read_bytes()), contents)
    except DumpError as error:
        raise _unreadable(error.reason) from error


def _statements(script: bytes, encoding: str) -> tuple[Statement, ...]:
    return tuple(_of_kind(split(_decoded(script, encoding))))


def _of_kind(statements: list[Statement]) -> list[Statement]:
    """Without what only sets up the session."""
    return [each for each in statements if not any(each.begins(word) for word in ("SET", "RESET", "SELECT"))]


def _parsed(listing: str) -> Contents:
    try:
        return parse(listing)
    except ValueError as error:
        raise _unreadable(str(error)) from error


async def _listing(pg_restore: Path, dump: AsyncIterator[bytes], head: Path) -> str:
    how = Invocation(pg_restore, ("--format=custom", "--list", "--verbose"), _PLAIN)
    async with running(how, feeds=True) as child:
        assert child.process.stdout is not None  # noqa: S101 -- it was asked for as a pipe
        feeding = asyncio.create_task(_feed_head(child, dump, head))
        try:
            printed = await _bounded(child.process.stdout)
            code = await child.ended()
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)
        if feeding.done() and not feeding.cancelled() and (error := feeding.exception()):
            raise error
    if code != 0:
        raise _unreadable(child.words)
    return printed.decode("utf-8", "surrogateescape")


async def _bounded(printed: asyncio.StreamReader) -> bytes:
    """All of it. Raises LoadError when that is more than a table of contents has."""
    pieces: list[bytes] = []
    size = 0
    while piece := await printed.read(PIPE_BYTES):
        size += len(piece)
        _refuse_large(size)
        pieces.append(piece)
    return b"".join(pieces)


def _refuse_large(size_bytes: int) -> None:
    if size_bytes > HEAD_LIMIT_BYTES:
        raise _unreadable(f"its table of contents is larger than {HEAD_LIMIT_BYTES} bytes")


async def _feed_head(child: Child, dump: AsyncIterator[bytes], head: Path) -> None:
    """Give pieces until it has seen enough, and keep them. Raises LoadError when that is too much."""
    size = 0
    stdin = child.process.stdin
    assert stdin is not None  # noqa: S101 -- it was asked for as a pipe
    try:
        async with closed_after(dump):
            with head.open("wb") as kept, suppress(BrokenPipeError, ConnectionResetError):
                async for piece in dump:
                    size += len(piece)
                    _refuse_large(size)
                    await asyncio.to_thread(kept.write, piece)
                    stdin.write(piece)
                    await stdin.drain()
    finally:
        stdin.close()


async def _script(pg_restore: Path, head: Path, contents: Contents, kind: Kind) -> bytes:
    use = head.with_name(f"list of {kind.name}")
    use.write_bytes(as_list(contents.of(kind)).encode("utf-8", "surrogateescape"))
    arguments = ("--format=custom", "--no-owner", f"--use-list={use}", "--file=-", str(head))
    code, printed, words = await output_of(Invocation(pg_restore, arguments, _PLAIN))
    if code != 0:
        raise _unreadable(words)
    return printed


def _unreadable(words: str) -> Exception:
    said = " ".join(words.split())
    if "unsupported version" in words:
        return OlderServerError(f"the dump was made by newer tools than this server's: {said}")
    return LoadError(f"the stored dump cannot be read: {said}")


def _encoding(script: bytes) -> str:
    found = _ENCODING.search(script)
    return found[1].decode() if found else "UTF8"


def _decoded(script: bytes, encoding: str) -> str:
    if encoding == "SQL_ASCII":
        return script.decode("utf-8", "surrogateescape")
    name = encoding.lower().replace("win", "cp")
    try:
        return script.decode(codecs.lookup(name).name)
    except (LookupError, UnicodeDecodeError) as error:
        raise UnsupportedContentError(f"names in encoding {encoding} cannot be read here") from error
