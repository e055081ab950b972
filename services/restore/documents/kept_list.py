"""The list of what a restore does with documents, as it is kept in the restore's own area."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final
from uuid import UUID

from pydantic import ValidationError

from services.platform.connectors.files import DocumentStore, ListMissingError
from services.restore.documents.difference import Change, Difference
from services.restore.documents.json_lines import ListUnreadableError, parsed

PIECE_BYTES: Final = 256 * 1024


class KeptList:
    """The list, on this machine while it is worked on: a step may take longer than a store keeps a stream open."""

    def __init__(self, difference: Difference, file: IO[bytes]) -> None:
        self.difference = difference
        self._file = file

    async def changes(self) -> AsyncGenerator[Change, None]:
        """Every change, in the list's order."""
        async with aclosing(parsed(self._pieces(), Change)) as batches:
            async for batch in batches:
                for change in batch:
                    yield change

    async def _pieces(self) -> AsyncIterator[bytes]:
        await asyncio.to_thread(self._file.seek, 0)
        await asyncio.to_thread(self._file.readline)
        while piece := await asyncio.to_thread(self._file.read, PIECE_BYTES):
            yield piece


@asynccontextmanager
async def kept_list(store: DocumentStore, area: UUID, scratch: Path) -> AsyncIterator[KeptList]:
    """The list that the area keeps. Raises ListMissingError, ListUnreadableError."""
    with TemporaryFile(dir=scratch) as file:
        async for piece in store.read_list(area):
            await asyncio.to_thread(file.write, piece)
        file.seek(0)
        yield KeptList(_first_line(file.readline()), file)


def _first_line(line: bytes) -> Difference:
    try:
        return Difference.model_validate_json(line)
    except ValidationError as error:
        raise ListUnreadableError(
            "the restore's list of documents cannot be read: it is damaged, or a newer release wrote it"
        ) from error


async def kept_difference(store: DocumentStore, area: UUID, scratch: Path) -> Difference | None:
    """The sums of the list that the area keeps; None: it keeps none yet."""
    try:
        async with kept_list(store, area, scratch) as kept:
            return kept.difference
    except ListMissingError:
        return None


async def keep(
    store: DocumentStore, area: UUID, difference: Difference, changes: AsyncGenerator[Sequence[str], None]
) -> None:
    """Write the list, of changes that are JSON already; it is there whole, or not at all."""
    await store.write_list(area, _lines(difference, changes))


async def _lines(difference: Difference, changes: AsyncGenerator[Sequence[str], None]) -> AsyncIterator[bytes]:
    yield difference.model_dump_json().encode() + b"\n"
    async with aclosing(changes):
        async for batch in changes:
            yield "".join(f"{change}\n" for change in batch).encode()
