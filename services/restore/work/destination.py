"""Where one attempt at a restore works: the destination's database and documents, and the backup in its repository."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from uuid import UUID

from contracts.errors import FailureCode
from contracts.events.backups import BackupKind
from contracts.events.restores import PreflightRequested, RestoreRequested
from contracts.facts import UNKNOWN, Facts
from contracts.manifest import ContentSequence, Lines
from contracts.values import EnvironmentPlaces
from services.platform.archives.incoming import Guard, Limits
from services.platform.connectors.database import DatabaseAccess
from services.platform.connectors.database.findings import of_error, warning
from services.platform.connectors.database.loading.archive import Archive
from services.platform.connectors.database.loading.load import Told
from services.platform.connectors.database.target import RestoreTarget
from services.platform.connectors.files import DocumentStore
from services.platform.connectors.files.opening import open_documents
from services.platform.connectors.look import Look
from services.platform.database import Connection
from services.platform.environments import find
from services.platform.jobs import JobRun
from services.platform.process.errors import PermanentError
from services.platform.process.together import together
from services.platform.repository import EnvironmentRepository
from services.platform.unpacking.dumps import read_sent, refusing_damage
from services.restore.documents import RestoreDocuments
from services.restore.workplace import Workplace


@dataclass(frozen=True)
class Destination:
    """An environment's database and documents, as a restore works on them."""

    workplace: Workplace
    places: EnvironmentPlaces
    target: RestoreTarget
    read: Told
    """Hears how much of a dump has been read by a look."""

    @classmethod
    def at(cls, workplace: Workplace, places: EnvironmentPlaces, restore_id: UUID, run: JobRun) -> "Destination":
        """The destination as one attempt sees it; opens nothing. Raises SecretNotFoundError, SecretPermissionError."""
        target = RestoreTarget(
            DatabaseAccess.of(places.database, workplace.secrets),
            workplace.tools,
            restore_id,
            run.epoch,
            scratch=workplace.scratch,
            children=run.children,
            free_space=workplace.free_space,
        )

        async def read(bytes_done: int) -> None:
            await run.progress(bytes_done=bytes_done)

        return cls(workplace, places, target, read)

    def documents(self) -> AbstractAsyncContextManager[DocumentStore]:
        """The environment's documents, as long as the block lasts."""
        return open_documents(self.places.files, self.workplace.secrets)


async def places_of(c: Connection, environment_id: UUID) -> EnvironmentPlaces:
    """Where an environment is. Raises EnvironmentGoneError."""
    known = await find(c, environment_id)
    if known is None:
        raise EnvironmentGoneError(environment_id)
    return known.places


class EnvironmentGoneError(PermanentError):
    """The destination was removed meanwhile."""

    def __init__(self, environment_id: UUID) -> None:
        super().__init__(
            f"environment {environment_id} is not registered (any more)", code=FailureCode.ENVIRONMENT_REMOVED
        )


@dataclass(frozen=True)
class Stored:
    """What is brought in, in a repository: a dump and a list of documents. Without a dump the database stays empty.

    `foreign`: the dump is none that we made, so nobody but the environment's role runs what it says, and it may be
    compressed inside: `sent_bytes` is the size of what it was sent in, `limits` says how large that may become. `facts`
    are what is known of it without a look.
    """

    repository: EnvironmentRepository
    dump: ContentSequence | None
    listing: Lines
    foreign: bool
    facts: Facts = UNKNOWN
    sent_bytes: int = 0
    limits: Limits = field(default_factory=Limits)

    @classmethod
    async def backup(cls, workplace: Workplace, requested: RestoreRequested | PreflightRequested) -> "Stored":
        """What a backup's manifest names, which must be the one that the catalog knows.

        Raises ManifestMissingError, ManifestCorruptError.
        """
        repository = workplace.repository.of(requested.source_environment_id)
        manifest = await repository.read_manifest(requested.backup_id, expected_hash=requested.manifest_hash)
        foreign = manifest.backup.kind is BackupKind.UPLOADED
        facts = Facts(
            backup_server_version=manifest.database.server_version,
            backup_database_bytes=manifest.database.bytes,
            backup_files_bytes=manifest.files.bytes,
        )
        dump = manifest.database
        return cls(repository, dump, manifest.files.listing, foreign, facts, dump.bytes)

    @property
    def dump_bytes(self) -> int:
        """The size of the dump."""
        return self.dump.bytes if self.dump else 0

    def open_dump(self) -> AsyncIterator[bytes]:
        """The dump, from its begin."""
        assert self.dump is not None  # noqa: S101 -- nothing is loaded where there is none
        return self.repository.read(self.dump.contents)


async def look(
    destination: Destination, stored: Stored, *, database_only: bool, within_seconds: float | None = None
) -> tuple[Archive | None, Look]:
    """What the dump says of itself, and what stands in the way or should be known; changes nothing.

    Raises what keeps the dump from being read at all, and transient errors.
    """
    async with together() as group:
        if not database_only:
            documents = group.create_task(_documents_in_time(within_seconds, destination, stored))
        archive, seen = await _look_at_database(destination, stored, within_seconds)
    return archive, seen if database_only else seen.beside(documents.result())


async def _look_at_database(
    destination: Destination, stored: Stored, within_seconds: float | None
) -> tuple[Archive | None, Look]:
    target, foreign = destination.target, stored.foreign
    with refusing_damage() if foreign else nullcontext():
        archive = await target.read_archive(stored.open_dump, foreign=foreign) if stored.dump else None
    dump_bytes, seen = await _dump_bytes(destination, stored, within_seconds)
    looking = target.look(archive, dump_bytes, foreign=foreign)
    return archive, seen.beside(await _in_time(within_seconds, "the database", looking))


async def _dump_bytes(destination: Destination, stored: Stored, within_seconds: float | None) -> tuple[int, Look]:
    """How large the dump is when nothing in it is compressed: one that was sent is read to its end for that."""
    if stored.dump is None or not stored.foreign:
        return stored.dump_bytes, Look()
    guard = Guard(stored.limits, stored.sent_bytes)
    try:
        async with asyncio.timeout(within_seconds):
            return await read_sent(destination.target, stored.open_dump(), guard, destination.read), Look()
    except TimeoutError:
        return stored.dump_bytes, _unfinished("the dump that was sent", within_seconds)


async def _documents_in_time(within_seconds: float | None, destination: Destination, stored: Stored) -> Look:
    return await _in_time(within_seconds, "the documents", _look_at_documents(destination, stored))


async def _in_time(within_seconds: float | None, what: str, looking: Coroutine[None, None, Look]) -> Look:
    """What was seen; a look that somebody waits for says what it could not finish."""
    try:
        async with asyncio.timeout(within_seconds):
            return await looking
    except TimeoutError:
        return _unfinished(what, within_seconds)


def _unfinished(what: str, within_seconds: float | None) -> Look:
    words = f"{what} could not be looked at within {within_seconds:g} s; the restore itself waits longer"
    return Look((warning("LOOK_UNFINISHED", words, what),))


async def _look_at_documents(destination: Destination, stored: Stored) -> Look:
    scratch = destination.workplace.scratch
    try:
        async with destination.documents() as store:
            documents = RestoreDocuments(store, stored.repository, destination.target.restore_id, scratch)
            return await documents.look(stored.listing)
    except PermanentError as error:
        return Look((of_error(error, "documents"),))
