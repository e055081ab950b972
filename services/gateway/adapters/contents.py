"""Looks into completed backups: lists their tables and documents, and reads one of them, without a restore."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from uuid import UUID

from contracts.errors import RejectionCode
from contracts.manifest import BackupEntry, DocumentLine, Manifest
from contracts.states import BackupState
from services.gateway.adapters.places import Places
from services.gateway.domain.paging import Numbered, to_cursor
from services.gateway.domain.refusals import RefusalError, rejection
from services.gateway.resources import BackedUpFile, BackedUpTable, Backup, FilePage, TableList
from services.platform.archives.dump.single import StoredDump, Table
from services.platform.archives.errors import DumpError
from services.platform.archives.listing import At, documents_from, find_document
from services.platform.archives.workshop import Workshop
from services.platform.repository import EnvironmentRepository, Repository
from services.platform.repository.errors import ManifestMissingError, RepositoryError


@dataclass(frozen=True)
class _Looked:
    repository: EnvironmentRepository
    manifest: Manifest


class BackupContents:
    """Of backups that are there: what was let go keeps its bytes for a day, longer than a look takes.

    Every look takes one of the `places`, and raises TooManyAtOnceError where none is free.
    """

    def __init__(self, repository: Repository, workshop: Workshop, places: Places) -> None:
        self._repository = repository
        self._workshop = workshop
        self._places = places

    async def files(self, backup: Backup, *, after: Numbered | None, limit: int) -> FilePage:
        """Documents by id. Raises RefusalError."""
        with self._places.one(), _readable():
            looked = await self._look(backup)
            files = looked.manifest.files
            page = await documents_from(looked.repository, files, At(*after) if after else At(), limit)
        on = to_cursor(Numbered(page.next.part, page.next.after)) if page.next else None
        found = [_file(line) for line in page.documents]
        return FilePage(files=found, count=files.count, bytes=files.bytes, next=on)

    async def entry(self, environment_id: UUID, backup_id: UUID) -> BackupEntry:
        """What the manifest in the bucket says of a backup that no catalog may know. Raises RefusalError."""
        with self._places.one(), _readable():
            try:
                return (await self._repository.of(environment_id).read_manifest(backup_id)).backup
            except ManifestMissingError as error:
                raise rejection(RejectionCode.NOT_FOUND, error.reason, "backup_id") from error

    async def tables(self, backup: Backup, *, sizes: bool) -> TableList:
        """Every table; with `sizes` the whole dump is read. Raises RefusalError."""
        with self._places.one(), _readable():
            looked = await self._look(backup)
            database = looked.manifest.database
            found = await StoredDump(looked.repository, database, self._workshop).tables(sizes=sizes)
        tables = [BackedUpTable(schema_name=one.schema, name=one.name, size_bytes=one.bytes) for one in found]
        return TableList(tables=tables, bytes=database.bytes)

    async def file(self, backup: Backup, document_id: UUID) -> tuple[BackedUpFile, AsyncGenerator[bytes, None]]:
        """A document and its bytes, to be closed. Raises RefusalError."""
        with self._places.one(), _readable():
            looked = await self._look(backup)
            line = await find_document(looked.repository, looked.manifest.files, document_id)
        if line is None:
            raise rejection(RejectionCode.NOT_FOUND, f"the backup has no file document {document_id}", "document_id")
        return _file(line), self._counted(looked.repository.read(line.contents))

    async def table(self, backup: Backup, name: str) -> tuple[Table, AsyncGenerator[bytes, None]]:
        """A table, and a dump of it alone, to be closed; `name` may have its schema. Raises RefusalError."""
        with self._places.one(), _readable():
            looked = await self._look(backup)
            dump = StoredDump(looked.repository, looked.manifest.database, self._workshop)
            tables = await dump.tables()
        meant = [one for one in tables if name in (one.name, f"{one.schema}.{one.name}")]
        if not meant:
            raise rejection(RejectionCode.NOT_FOUND, f"the backup has no table {name!r}", "table")
        if len(meant) > 1:
            schemas = ", ".join(one.schema for one in meant)
            raise rejection(RejectionCode.INVALID_PARAMETERS, f"{name!r} is in several schemas: {schemas}", "table")
        return meant[0], self._counted(dump.dump_of(meant[0].schema, meant[0].name))

    async def _look(self, backup: Backup) -> _Looked:
        if backup.state is not BackupState.COMPLETED:
            raise rejection(RejectionCode.NOT_ALLOWED, "only a completed backup can be looked into", None)
        repository = self._repository.of(backup.environment_id)
        manifest = await repository.read_manifest(backup.backup_id, expected_hash=backup.manifest_hash)
        return _Looked(repository, manifest)

    async def _counted(self, pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        """Taken up to their end, or closed: the search for them has given its place back."""
        with self._places.one(), _readable():
            async with aclosing(pieces):
                async for piece in pieces:
                    yield piece


@contextmanager
def _readable() -> Iterator[None]:
    """A backup that is damaged is told as such; who keeps the platform hears of it by an alert."""
    try:
        yield
    except (RepositoryError, DumpError) as error:
        raise RefusalError(409, error.code, f"this cannot be had of the backup: {error.reason}") from error


def _file(line: DocumentLine) -> BackedUpFile:
    return BackedUpFile(document_id=line.id, place=line.place, size_bytes=line.size, referenced=line.referenced)
