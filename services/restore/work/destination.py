"""Where one attempt at a restore works: the destination's database and documents, and the backup in its repository."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from uuid import UUID

from contracts.errors import FailureCode
from contracts.events.restores import PreflightRequested, RestoreRequested
from contracts.manifest import Manifest
from contracts.values import EnvironmentPlaces, Finding
from services.platform.connectors.database import DatabaseAccess
from services.platform.connectors.database.findings import of_error, warning
from services.platform.connectors.database.loading.archive import Archive
from services.platform.connectors.database.target import RestoreTarget
from services.platform.connectors.files import DocumentStore, open_documents
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
class StoredBackup:
    """The backup in the repository of the environment that it was made of."""

    repository: EnvironmentRepository
    manifest: Manifest

    @classmethod
    async def of(cls, workplace: Workplace, requested: RestoreRequested | PreflightRequested) -> "StoredBackup":
        """Read its manifest, which must be the one that the catalog knows.

        Raises ManifestMissingError, ManifestCorruptError.
        """
        repository = workplace.repository.of(requested.source_environment_id)
        manifest = await repository.read_manifest(requested.backup_id, expected_hash=requested.manifest_hash)
        return cls(repository, manifest)

    def open_dump(self) -> AsyncIterator[bytes]:
        """The dump, from its begin."""
        return self.repository.read(self.manifest.database.contents)


async def look(
    destination: Destination, backup: StoredBackup, *, database_only: bool, within_seconds: float | None = None
) -> tuple[Archive, tuple[Finding, ...]]:
    """What the dump says of itself, and what stands in the way or should be known; changes nothing.

    Raises what keeps the dump from being read at all, and transient errors.
    """
    async with together() as group:
        if not database_only:
            documents = group.create_task(_documents_in_time(within_seconds, destination, backup))
        archive = await destination.target.read_archive(backup.open_dump)
        dump_bytes = backup.manifest.database.bytes
        found = await _in_time(within_seconds, "the database", destination.target.look(archive, dump_bytes))
    return archive, found if database_only else (*found, *documents.result())


async def _documents_in_time(
    within_seconds: float | None, destination: Destination, backup: StoredBackup
) -> tuple[Finding, ...]:
    return await _in_time(within_seconds, "the documents", _look_at_documents(destination, backup))


async def _in_time(
    within_seconds: float | None, what: str, looking: Coroutine[None, None, tuple[Finding, ...]]
) -> tuple[Finding, ...]:
    """What was seen; a look that somebody waits for says what it could not finish."""
    try:
        async with asyncio.timeout(within_seconds):
            return await looking
    except TimeoutError:
        words = f"{what} could not be looked at within {within_seconds:g} s; the restore itself waits longer"
        return (warning("LOOK_UNFINISHED", words, what),)


async def _look_at_documents(destination: Destination, backup: StoredBackup) -> tuple[Finding, ...]:
    scratch = destination.workplace.scratch
    try:
        async with destination.documents() as store:
            documents = RestoreDocuments(store, backup.repository, backup.manifest.backup_id, scratch)
            return await documents.look(backup.manifest.files.listing)
    except PermanentError as error:
        return (of_error(error, "documents"),)
