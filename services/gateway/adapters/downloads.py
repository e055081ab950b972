"""Opens an archive for somebody who has its link, and makes what is asked of it."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Final, Self
from uuid import UUID

import structlog

from services.gateway.adapters.archive_ends import Why
from services.gateway.adapters.archive_index import StoredIndex
from services.gateway.adapters.archives import Archives, link_of, postgres_time
from services.gateway.adapters.places import Places
from services.gateway.domain.links import Link, end_of, is_ours
from services.gateway.domain.ranges import Span
from services.gateway.domain.refusals import NotFoundError, RefusalError
from services.gateway.resources import Archive
from services.platform.archives.errors import ContradictionError, DumpError, NotTheSameError
from services.platform.archives.remaking import remade
from services.platform.archives.workshop import Workshop
from services.platform.database import Database
from services.platform.process.errors import PermanentError, TransientError
from services.platform.repository import Repository
from services.platform.repository.errors import RepositoryError

UNREADABLE: Final = (RepositoryError, DumpError, ContradictionError)
"""What is stored of the backup is damaged: whoever asks for the archive anew is told how, where it still is."""
LOOK_SECONDS: Final = 5.0
"""So long a download goes on at most after its archive was cancelled, while its client takes something."""
PIECE_BYTES: Final = 256 * 1024
"""What a client has to take within STALLED_SECONDS: a connection that does not, with 5 KB a second, is of no use."""
_log = structlog.get_logger(__name__)


class CutShortError(Exception):
    """What is left of an answer is not sent: its connection is closed, so that nobody takes it for all."""


@dataclass(frozen=True)
class Ticket:
    """What a caller shows: the parts of a link."""

    archive_id: UUID
    file_name: str
    until: int
    given_to: str
    signature: str


@dataclass(frozen=True)
class Part:
    """Bytes of the archive, and what is written before them."""

    span: Span
    head: bytes = b""


class Downloads:
    """Downloads of this process, as many as there are `places`."""

    def __init__(
        self, database: Database, repository: Repository, archives: Archives, *, workshop: Workshop, places: Places
    ) -> None:
        self._database = database
        self._repository = repository
        self._archives = archives
        self._workshop = workshop
        self._places = places

    async def admit(self, ticket: Ticket) -> Archive:
        """The archive that the ticket is for.

        Raises RefusalError: 403 for a link that we did not sign or that is over, 410 where its bytes cannot be made as
        they were. Who shows a wrong link learns nothing of archives.
        """
        archive, link = await self._signed_for(ticket)
        if min(archive.link_ends_at or link.ends_at, link.ends_at) <= await postgres_time(self._database):
            raise _over()
        if link_of(archive) is None or not await self._archives.can_be_made(archive.archive_id):
            raise _other_bytes()
        return archive

    async def open(self, archive: Archive, parts: Sequence[Part], end: bytes = b"") -> "Begun":
        """What is asked for, its first bytes made already; `end` is written behind it. To be closed.

        Raises RefusalError: 410 instead of other bytes, 403 where it was cancelled meanwhile; and TooManyAtOnceError
        when others have all places.
        """
        self._places.take()
        making = self._until_cancelled(archive, self._making(archive, parts, end))
        try:
            first = await anext(making)
        except (NotTheSameError, *UNREADABLE) as error:
            raise _other_bytes() from error
        except CutShortError as error:
            raise _over() from error
        return Begun(first, making)

    async def look(self, archive: Archive, last: Span) -> None:
        """Make the `last` byte, so that what is damaged is not said to be there; not when many download already.

        Raises RefusalError (410) as `open`.
        """
        if self._places.any_free:
            await (await self.open(archive, [Part(last)])).aclose()

    async def _until_cancelled(self, archive: Archive, making: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
        """The bytes in pieces. Raises CutShortError once the archive was cancelled; a link may end meanwhile."""
        looked_at = _now()
        async with aclosing(making):
            async for data in making:
                for piece in pieces(data):
                    if _now() - looked_at > LOOK_SECONDS:
                        await self._must_go_on(archive)
                        looked_at = _now()
                    yield piece

    async def _must_go_on(self, archive: Archive) -> None:
        with suppress(TransientError):  # a database that is away is asked again
            if await self._archives.was_cancelled(archive.archive_id):
                raise CutShortError("its archive was cancelled")

    async def _making(self, archive: Archive, parts: Sequence[Part], end: bytes) -> AsyncGenerator[bytes, None]:
        repository = self._repository.of(archive.environment_id)
        index = StoredIndex(self._database, archive.archive_id, self._workshop)
        try:
            for part in parts:
                before = part.head
                async with aclosing(remade(repository, index, self._workshop, *part.span)) as several:
                    async for data in several:
                        yield before + data if before else data
                        before = b""
            if end:
                yield end
        except NotTheSameError as error:
            await self._give_up(archive, error, "not_the_same")
            raise
        except UNREADABLE as error:
            await self._give_up(archive, error, "backup_unreadable")
            raise
        finally:
            self._places.give_back()

    async def _give_up(self, archive: Archive, error: PermanentError, why: Why) -> None:
        """End the link, so that who asks again gets another archive."""
        _log.error("an archive is not what it was", archive_id=str(archive.archive_id), reason=error.reason, why=why)
        await self._archives.expire(archive.archive_id, why)

    async def _signed_for(self, ticket: Ticket) -> tuple[Archive, Link]:
        try:
            archive = await self._archives.find(ticket.archive_id)
        except NotFoundError:
            raise _not_ours() from None
        ends_at = end_of(ticket.until)
        if ends_at is None or archive.sha256 is None:
            raise _not_ours()
        link = Link(archive.archive_id, ticket.file_name, archive.sha256, ends_at, ticket.given_to)
        if not is_ours(link, ticket.signature, self._archives.link_key):
            raise _not_ours()
        return archive, link


class Begun:
    """Bytes whose first were made already. Closed, the making ends, also where nobody has taken any."""

    def __init__(self, first: bytes, making: AsyncGenerator[bytes, None]) -> None:
        self._first: bytes | None = first
        self._making = making

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        first, self._first = self._first, None
        return await anext(self._making) if first is None else first

    async def aclose(self) -> None:
        """End the making."""
        await self._making.aclose()


def pieces(data: bytes) -> Iterator[bytes]:
    """The same in pieces that a client takes one after the other; what is empty is one."""
    return (data[at : at + PIECE_BYTES] for at in range(0, max(len(data), 1), PIECE_BYTES))


def _now() -> float:
    return asyncio.get_running_loop().time()


def _not_ours() -> RefusalError:
    return RefusalError(403, "NO_ACCESS", "this link was not made here, or it was changed: copy it whole")


def _over() -> RefusalError:
    return RefusalError(403, "NO_ACCESS", "this link is over: ask for the archive anew")


def _other_bytes() -> RefusalError:
    return RefusalError(410, "GONE", "this archive cannot be made again as it was: ask for it anew")
