"""Finds the backup that the next one builds upon, and remembers the newest."""

from dataclasses import dataclass
from uuid import UUID

from contracts.events.backups import BackupKind
from contracts.manifest import Manifest
from services.platform.database import Connection, load_queries
from services.platform.repository import EnvironmentRepository, Verdict
from services.platform.repository.errors import ManifestMissingError, RepositoryError

queries = load_queries("services.snapshot")


@dataclass(frozen=True)
class Previous:
    """The newest backup of an environment that this service completed; `unreadable` says why it is of no use."""

    manifest: Manifest | None = None
    unreadable: str | None = None


async def remember(c: Connection, verdict: Verdict) -> None:
    """The next backup builds upon this one, unless it was made elsewhere: its stamps say nothing of what is here."""
    if verdict.manifest and verdict.manifest.backup.kind is BackupKind.UPLOADED:
        return
    await queries.remember_backup(
        c,
        environment_id=verdict.decided.environment_id,
        backup_id=verdict.decided.backup_id,
        manifest_hash=verdict.hash,
    )


async def known(c: Connection, environment_id: UUID) -> tuple[UUID, str] | None:
    """Id and manifest hash of the newest backup; None before the first."""
    row = await queries.last_backup(c, environment_id=environment_id)
    return (row["backup_id"], row["manifest_hash"]) if row else None


async def read(repository: EnvironmentRepository, newest: tuple[UUID, str] | None) -> Previous:
    """Its manifest. One that was deleted since is no trouble, one that cannot be trusted is: a warning says so."""
    if newest is None:
        return Previous()
    backup_id, manifest_hash = newest
    try:
        return Previous(await repository.read_manifest(backup_id, expected_hash=manifest_hash))
    except ManifestMissingError:
        return Previous()
    except RepositoryError as error:
        return Previous(unreadable=error.reason)
