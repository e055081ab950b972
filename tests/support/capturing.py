"""The one step of a backup on a real database and real documents, with somebody who interferes at the worst moment."""

import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

import asyncpg
from pydantic import SecretStr

from contracts.events.backups import BackupKind
from contracts.manifest import BackupEntry, DocumentLine, EnvironmentEntry, Manifest
from contracts.values import CloudVersion, DirectoryFiles, Mode, Region
from services.platform.connectors.database import DatabaseAccess, EnvironmentDatabase, Login, PostgresTools
from services.platform.connectors.files import DocumentStore, Entry, Listed, Reader, Whole
from services.platform.connectors.files.opening import open_documents
from services.platform.connectors.files.port import NONE_KNOWN
from services.platform.repository import EnvironmentRepository, read_documents
from services.snapshot.capture import Capture, Captured
from services.snapshot.domain.warnings import Met, warnings_of
from services.snapshot.meter import Meter
from services.snapshot.previous import Previous
from services.snapshot.reading import Reading
from services.snapshot.scratch import Scratch
from services.snapshot.source import Source
from services.snapshot.stopwatch import Stopwatch
from tests.support.app_databases import AppDatabase
from tests.support.events import NOON
from tests.support.eventually import eventually

T = TypeVar("T")

DOCUMENTS_QUERY = "SELECT id, size FROM document"


class QuietRun:
    """A JobRun that nobody watches."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []

    async def progress(self, **numbers: Any) -> None:  # noqa: ANN401 -- as JobRun has it
        self.told.append(numbers)

    def moved(self) -> None:
        """See JobRun."""


@dataclass
class Meddled:
    """A DocumentStore; the functions are called where their names say."""

    inner: DocumentStore
    before_listing: Callable[[], None] = lambda: None
    after_listing: Callable[[], None] = lambda: None
    while_reading: Callable[[str, int], None] | None = None
    reads: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- whatever the real one has
        return getattr(self.inner, name)

    async def list(self, known: Mapping[str, str] = NONE_KNOWN) -> AsyncGenerator[Sequence[Entry], None]:
        """See DocumentStore."""
        self.before_listing()
        async for batch in self.inner.list(known):
            yield batch
        self.after_listing()

    async def read_small(self, places: Sequence[str], make: Callable[[bytes], T]) -> Sequence[Whole[T] | None]:
        """See DocumentStore: none, where somebody meddles with each."""
        if self.while_reading:
            return [None for _ in places]
        self.reads += places
        return await self.inner.read_small(places, make)

    def read(self, place: str) -> Reader:
        """See DocumentStore."""
        self.reads.append(place)
        meddle = self.while_reading or (lambda _place, _times: None)
        return _Meddling(self.inner.read(place), lambda: meddle(place, self.reads.count(place)))


class _Meddling:
    """A reader that is disturbed behind its first piece of many."""

    def __init__(self, inner: Reader, disturb: Callable[[], None]) -> None:
        self._inner = inner
        self._disturb = disturb

    @property
    def seen(self) -> Listed:
        """See Reader."""
        return self._inner.seen

    async def pieces(self) -> AsyncIterator[bytes]:
        """See Reader."""
        disturbed = False
        async for piece in self._inner.pieces():
            yield piece
            if not disturbed:
                disturbed = True
                self._disturb()


@dataclass
class Place:
    """An environment under test."""

    database: AppDatabase
    documents: Path
    repository: EnvironmentRepository

    def put(self, content: bytes, document_id: UUID | None = None, *, row: bool = True) -> UUID:
        """A document where the app would put it, and a row that refers to it."""
        found = document_id or uuid4()
        path = self.path(found)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        if row:
            self.refer(found, len(content))
        return found

    def refer(self, document_id: UUID, size_bytes: int | None) -> None:
        """A row that refers to a document."""
        size = "NULL" if size_bytes is None else size_bytes
        self.database.run(f"INSERT INTO document VALUES ('{document_id}', {size})")  # noqa: S608 -- a test's values

    @asynccontextmanager
    async def locked(self, table: str) -> AsyncIterator[None]:
        """A session of the app that keeps a table to itself."""
        server = self.database.server
        connection = await asyncpg.connect(
            host=server.host,
            port=server.port,
            database=self.database.name,
            user=self.database.role,
            password=self.database.password,
        )
        try:
            async with connection.transaction():
                await connection.execute(f"LOCK TABLE {table}")
                yield
        finally:
            await connection.close()

    def path(self, document_id: UUID) -> Path:
        """Where a document is."""
        name = str(document_id)
        return self.documents / name[:2] / name[2:4] / name

    async def capture(
        self,
        *,
        previous: Manifest | None = None,
        query: str | None = DOCUMENTS_QUERY,
        meddle: Callable[[Meddled], Awaitable[None] | None] = lambda _: None,
        run: QuietRun | None = None,
        **reading: Any,  # noqa: ANN401 -- as Source has it
    ) -> Captured:
        """Take one; `reading` is what a Source is told besides."""
        async with AsyncExitStack() as stack:
            files = DirectoryFiles(path=str(self.documents))
            opened = await stack.enter_async_context(open_documents(files, NoSecrets()))
            scratch_directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            scratch = await stack.enter_async_context(Scratch.open(scratch_directory))
            documents = Meddled(opened)
            meddle(documents)
            database = EnvironmentDatabase(self.database.access(), PostgresTools({}))
            meter = Meter(run or QuietRun())  # type: ignore[arg-type]  # -- as much of a JobRun as a meter needs
            source = Source(database, documents, query, **reading)
            return await Capture(source, self.repository, scratch, meter, Stopwatch()).run(Previous(previous))

    async def lines(self, captured: Captured | Manifest) -> dict[UUID, DocumentLine]:
        """The documents of a capture."""
        batches = [batch async for batch in read_documents(self.repository, captured.files.listing)]
        return {line.id: line for batch in batches for line in batch}

    async def stored(self, captured: Captured | Manifest) -> dict[UUID, bytes]:
        """What a restore would bring back."""
        return {key: await self.content(line.contents) for key, line in (await self.lines(captured)).items()}

    async def content(self, contents: tuple[str, ...]) -> bytes:
        """The bytes of a sequence."""
        return b"".join([piece async for piece in self.repository.read(contents)])

    def manifest(self, captured: Captured) -> Manifest:
        """A manifest of it, for the next one to build upon."""
        entry = BackupEntry(
            backup_id=uuid4(),
            environment_id=self.repository.environment_id,
            app_id=uuid4(),
            kind=BackupKind.ON_DEMAND,
            created_at=NOON,
            created_by="Ada",
            comment="",
            model_version=None,
            slot_date=NOON.date(),
            calendar_offset="+01:00",
            tiers=(),
            expires_at=None,
            policy="standard",
            policy_version=1,
        )
        return Manifest(
            key_id=self.repository.key_id,
            backup=entry,
            environment=EnvironmentEntry(
                name="Production", mode=Mode.PRODUCTION, region=Region.EUROPE, cloud_version=CloudVersion.V4
            ),
            started_at=NOON,
            finished_at=NOON,
            restore_point=captured.restore_point,
            database=captured.database,
            files=captured.files,
            references=captured.references,
            dangling_count=captured.met.dangling.count,
            orphan_count=captured.met.orphans.count,
            warnings=warnings_of(captured.met, ()),
            steps=(),
            previous_backup_id=None,
        )


def reading_of(documents: DocumentStore, repository: EnvironmentRepository, scratch: Scratch) -> Reading:
    """What reads and stores the documents of a backup; nobody asks its database for anything."""
    nobody = Login("nobody", SecretStr(""))
    database = EnvironmentDatabase(DatabaseAccess("localhost", 5432, "none", nobody, nobody), PostgresTools({}))
    meter = Meter(QuietRun())  # type: ignore[arg-type]  # -- as much of a JobRun as a meter needs
    return Reading(Source(database, documents, None), repository, scratch, meter, Met())


class NoSecrets:
    """A directory of documents needs none."""

    def resolve(self, reference: str) -> Any:  # noqa: ANN401 -- never returns
        """See Secrets."""
        raise AssertionError(reference)


async def settled(place: Place) -> None:
    """Return when the documents have been at rest for so long that their stamps prove their content."""
    async with open_documents(DirectoryFiles(path=str(place.documents)), NoSecrets()) as documents:
        assert await documents.probe()

        async def all_settled() -> bool:
            batches = [batch async for batch in documents.list()]
            return all(one.settled for batch in batches for one in batch if isinstance(one, Listed))

        await eventually(all_settled)
