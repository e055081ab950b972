"""What is backed up, and how fast it may be read: a backup must not hurt the app."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from contracts.events.backups import References
from services.platform.connectors.database import EnvironmentDatabase
from services.platform.connectors.files import DocumentStore


class Throttle:
    """Lets so many bytes a second through, dump and documents together, in the order in which they come.

    It lies behind the reads: pg_dump waits at its full pipe, and the server behind it, with the snapshot held.
    """

    def __init__(self, bytes_per_second: int | None) -> None:
        self._bytes_per_second = bytes_per_second
        self._paid_until = 0.0

    async def slowed(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The same bytes, no faster; as they come where nothing limits them."""
        async for piece in pieces:
            await self.passed(len(piece))
            yield piece

    async def passed(self, size_bytes: int) -> None:
        """Return when so many bytes more may have been read."""
        if self._bytes_per_second:
            await self._wait(size_bytes / self._bytes_per_second)

    async def _wait(self, seconds: float) -> None:
        now = asyncio.get_running_loop().time()
        self._paid_until = max(self._paid_until, now) + seconds
        await asyncio.sleep(self._paid_until - now)


@dataclass(frozen=True)
class Source:
    """An environment's database and documents; with a query, the restore point is proven.

    With `list_all` no directory is taken as unchanged because its state says so; with `read_all` no document either.
    """

    database: EnvironmentDatabase
    documents: DocumentStore
    documents_query: str | None
    throttle: Throttle = field(default_factory=lambda: Throttle(None))
    read_all: bool = False
    list_all: bool = False

    @property
    def trusts_directories(self) -> bool:
        """Whether a directory in the state of before is not listed again."""
        return not (self.list_all or self.read_all)

    @property
    def references(self) -> References:
        """Whether the app has told how its rows name documents."""
        return References.PROVEN if self.documents_query else References.UNPROVEN
