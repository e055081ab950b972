"""Adds up how far a backup is, and tells its job now and then."""

import time
from collections.abc import AsyncIterator
from typing import Final

from services.platform.jobs.run import JobRun

TELL_SECONDS: Final = 0.2
"""Telling costs little, and twenty thousand documents a minute would still notice it."""


class Meter:
    """Bytes of the dump and of documents together, and documents."""

    def __init__(self, run: JobRun) -> None:
        self._run = run
        self._bytes_done = 0
        self._dump_total = 0
        self._documents_bytes = 0
        self._documents_done = 0
        self._documents_total: int | None = None
        self._told_at = 0.0

    def expect_dump(self, size_bytes: int) -> None:
        """The dump will have about so many bytes."""
        self._dump_total = size_bytes

    def guess_dump(self, size_bytes: int) -> None:
        """The database takes so much room; the dump is about that large, if nothing better is known."""
        self._dump_total = self._dump_total or size_bytes

    def expect_documents(self, count: int, size_bytes: int) -> None:
        """So many documents must be read."""
        self._documents_total, self._documents_bytes = count, size_bytes

    async def counted(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The same bytes, of the dump or of a document. Raises what JobRun.progress raises."""
        async for piece in pieces:
            yield piece
            await self.passed(len(piece))

    async def passed(self, size_bytes: int) -> None:
        """So many bytes more. Raises what JobRun.progress raises."""
        self._bytes_done += size_bytes
        await self._tell()

    async def documents_done(self, count: int) -> None:
        """So many more were read and stored, or have vanished. Raises what JobRun.progress raises."""
        self._documents_done += count
        await self._tell()

    def moved(self) -> None:
        """The work moves where nothing is counted."""
        self._run.moved()

    async def _tell(self) -> None:
        now = time.monotonic()
        if now - self._told_at < TELL_SECONDS:
            return
        self._told_at = now
        await self._run.progress(
            bytes_done=self._bytes_done,
            bytes_total=max(self._dump_total + self._documents_bytes, self._bytes_done),
            documents_done=self._documents_done,
            documents_total=self._documents_total,
        )
