"""What is in a repository, by its manifests alone."""

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from contracts.manifest import Manifest
from services.cli.recovery.place import Found
from services.platform.objectstore import ObjectNotFoundError
from services.platform.repository.errors import ManifestMissingError, RepositoryError
from services.platform.repository.layout import ENVIRONMENTS, id_in, manifest_key, manifest_prefix


class KeptBackup(BaseModel):
    """A backup as its manifest tells of it; `problem` says why it cannot be read."""

    environment_id: UUID
    backup_id: UUID
    app_id: UUID | None = None
    environment: str | None = None
    kind: str | None = None
    created_at: datetime | None = None
    created_by: str | None = None
    comment: str | None = None
    model_version: str | None = None
    expires_at: datetime | None = None
    database_bytes: int | None = None
    files_count: int | None = None
    files_bytes: int | None = None
    problem: str | None = None

    @classmethod
    def of(cls, manifest: Manifest) -> "KeptBackup":
        """What a manifest says."""
        entry = manifest.backup
        return cls(
            environment_id=entry.environment_id,
            backup_id=entry.backup_id,
            app_id=entry.app_id,
            environment=manifest.environment.name,
            kind=entry.kind,
            created_at=entry.created_at,
            created_by=entry.created_by,
            comment=entry.comment,
            model_version=entry.model_version,
            expires_at=entry.expires_at,
            database_bytes=manifest.database.bytes,
            files_count=manifest.files.count,
            files_bytes=manifest.files.bytes,
        )


async def environments(found: Found) -> list[UUID]:
    """Every environment that has something in the store."""
    return sorted([found_id async for name in found.store.names(ENVIRONMENTS) if (found_id := id_in(name))])


async def backups(found: Found, environment_id: UUID) -> AsyncIterator[KeptBackup]:
    """Every backup of an environment, in no order; what is deleted or failed is left out."""
    repository = found.repository.of(environment_id)
    async for name in found.store.names(manifest_prefix(environment_id)):
        backup_id = id_in(name)
        if backup_id is None:
            continue
        try:
            verdict = await repository.verdict(backup_id)
        except RepositoryError as error:
            yield KeptBackup(environment_id=environment_id, backup_id=backup_id, problem=error.reason)
        else:
            if verdict and verdict.manifest:
                yield KeptBackup.of(verdict.manifest)


async def manifest_of(found: Found, backup_id: UUID) -> Manifest:
    """The manifest of a backup of whatever environment. Raises ManifestMissingError, and as it is read."""
    for environment_id in await environments(found):
        with suppress(ObjectNotFoundError):
            await found.store.head(manifest_key(environment_id, backup_id))
            return await found.repository.of(environment_id).read_manifest(backup_id)
    raise ManifestMissingError(f"there is no backup {backup_id} here: `nightkeep repository list` tells what is")
