"""Finds the backup that the next one builds upon, and remembers the newest."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.events.backups import BackupKind
from contracts.manifest import FIRST_VERSION, Manifest
from services.platform.database import Connection, load_queries
from services.platform.repository import EnvironmentRepository, Verdict
from services.platform.repository.errors import ManifestMissingError, RepositoryError

queries = load_queries("services.snapshot")


@dataclass(frozen=True)
class Previous:
    """The newest backup of an environment that this service completed; `unreadable` says why it is of no use."""

    manifest: Manifest | None = None
    unreadable: str | None = None


@dataclass(frozen=True)
class Newest:
    """What is remembered of an environment's newest backup, and when one has last read or listed all documents."""

    backup_id: UUID
    manifest_hash: str
    read_all_at: datetime
    list_all_at: datetime


async def remember(
    c: Connection, verdict: Verdict, now: datetime, *, read_all: bool = False, list_all: bool = False
) -> None:
    """The next backup builds upon this one, unless it was made elsewhere: its stamps say nothing of what is here."""
    if verdict.manifest and _is_made_elsewhere(verdict.manifest):
        return
    await queries.remember_backup(
        c,
        environment_id=verdict.decided.environment_id,
        backup_id=verdict.decided.backup_id,
        manifest_hash=verdict.hash,
        now=now,
        read_all=read_all,
        list_all=list_all,
    )


async def known(c: Connection, environment_id: UUID) -> Newest | None:
    """The newest backup; None before the first."""
    row = await queries.last_backup(c, environment_id=environment_id)
    return Newest(**dict(row)) if row else None


async def read(repository: EnvironmentRepository, newest: Newest | None) -> Previous:
    """Its manifest, or that of the newest before it where it was deleted since.

    One that cannot be trusted is trouble, of which a warning tells.
    """
    if newest is None:
        return Previous()
    try:
        return Previous(await _manifest(repository, newest))
    except RepositoryError as error:
        return Previous(unreadable=error.reason)


async def _manifest(repository: EnvironmentRepository, newest: Newest) -> Manifest | None:
    try:
        return await repository.read_manifest(newest.backup_id, expected_hash=newest.manifest_hash)
    except ManifestMissingError:
        return await _newest_left(repository)


async def _newest_left(repository: EnvironmentRepository) -> Manifest | None:
    """Of no hash on the log is anything known here: one that is not sealed is not trusted."""
    found: Manifest | None = None
    async for verdict in repository.manifests():
        one = verdict.manifest
        if one is None or one.version == FIRST_VERSION or _is_made_elsewhere(one):
            continue
        if found is None or found.backup.created_at < one.backup.created_at:
            found = one
    return found


def _is_made_elsewhere(one: Manifest) -> bool:
    """Then its stamps say nothing of what is here."""
    return one.backup.kind is BackupKind.UPLOADED
