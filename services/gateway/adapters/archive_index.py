"""The index of an archive in the gateway's own schema: written under the lease of its job, read by downloads."""

from uuid import UUID

from services.gateway.adapters.archives import queries
from services.platform.archives.errors import NotTheSameError
from services.platform.archives.index import Page, pack, unpack
from services.platform.archives.workshop import Workshop
from services.platform.database import Connection, Database
from services.platform.jobs import JobRun


async def forget_contents(c: Connection, environment_id: UUID) -> None:
    """Forget how any archive of an environment's backups is made; of those that are over, too."""
    await queries.wipe_pages(c, environment_id=environment_id)
    await queries.wipe_heads(c, environment_id=environment_id)


class JobShelf:
    """See Shelf: a worker with an old epoch keeps nothing (LeaseLostError)."""

    def __init__(self, run: JobRun, workshop: Workshop) -> None:
        self._run = run
        self._workshop = workshop

    async def clear(self) -> None:
        """Forget what an earlier attempt has kept."""
        async with self._run.transaction() as c:
            await queries.clear_pages(c, archive_id=self._run.job_id)

    async def put(self, page: Page) -> None:
        """See Shelf."""
        packed = await self._workshop.do(pack, page)
        async with self._run.transaction() as c:
            await queries.put_page(c, archive_id=self._run.job_id, start=page.start, page=packed)

    async def keep_head(self, head: bytes) -> None:
        """Keep what precedes the segments."""
        async with self._run.transaction() as c:
            await queries.keep_head(c, archive_id=self._run.job_id, head=head)


class StoredIndex:
    """See Index."""

    def __init__(self, database: Database, archive_id: UUID, workshop: Workshop) -> None:
        self._database = database
        self._archive_id = archive_id
        self._workshop = workshop

    async def head(self) -> bytes:
        """See Index."""
        async with self._database.transaction() as c:
            head: bytes | None = await queries.head_of(c, archive_id=self._archive_id)
        if head is None:
            raise _gone()
        return head

    async def page_at(self, offset: int) -> Page:
        """See Index."""
        async with self._database.transaction() as c:
            packed: bytes | None = await queries.page_at(c, archive_id=self._archive_id, position=offset)
        if packed is None:
            raise _gone()
        page = await self._workshop.do(unpack, packed)
        if not page.start <= offset < page.end:
            raise _gone()
        return page


def _gone() -> NotTheSameError:
    return NotTheSameError("the archive's index is gone: ask for the archive anew")
