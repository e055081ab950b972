"""Where one attempt at a restore works: the destination's database and documents, and the backup in its repository."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from uuid import UUID

from contracts.errors import FailureCode
from contracts.events.backups import BackupKind
from contracts.events.restores import PreflightRequested, RestoreRequested
from contracts.facts import UNKNOWN, Facts
from contracts.manifest import ContentSequence, Lines
from contracts.values import EnvironmentPlaces
from services.platform.connectors.database import DatabaseAccess
from services.platform.connectors.database.findings import of_error, warning
from services.platform.connectors.database.loading.archive import Archive
from services.platform.connectors.database.target import RestoreTarget
from services.platform.connectors.files import DocumentStore, open_documents
from services.platform.connectors.look import Look
from services.platform.database import Connection
from services.platform.environments import find
from services.platform.jobs import JobRun
from services.platform.process.errors import PermanentError
from services.platform.process.together import together
from services.platform.repository import EnvironmentRepository
from services.restore.documents import RestoreDocuments
from services.restore.workplace import Workplace


@dataclass(frozen=True)
class Destination:
    """An environment's database and documents, as a restore works on them."""

    workplace: Workplace
    places: EnvironmentPlaces
    target: RestoreTarget

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
        return cls(workplace, places, target)

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

    `foreign`: the dump is none that we made, so nobody but the environment's role runs what it says. `facts` are what
    is known of it without a look.
    """

    repository: EnvironmentRepository
    dump: ContentSequence | None
    listing: Lines
    foreign: bool
    facts: Facts = UNKNOWN

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
        return cls(repository, manifest.database, manifest.files.listing, foreign, facts)

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
        target, foreign = destination.target, stored.foreign
        archive = await target.read_archive(stored.open_dump, foreign=foreign) if stored.dump else None
        seen = await _in_time(within_seconds, "the database", target.look(archive, stored.dump_bytes))
    return archive, seen if database_only else seen.beside(documents.result())


async def _documents_in_time(within_seconds: float | None, destination: Destination, stored: Stored) -> Look:
    return await _in_time(within_seconds, "the documents", _look_at_documents(destination, stored))


async def _in_time(within_seconds: float | None, what: str, looking: Coroutine[None, None, Look]) -> Look:
    """What was seen; a look that somebody waits for says what it could not finish."""
    try:
        async with asyncio.timeout(within_seconds):
            return await looking
    except TimeoutError:
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
