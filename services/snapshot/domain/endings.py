"""How a backup's end is told: every word of it comes from its manifest or its tombstone, whoever wrote that."""

from datetime import datetime
from uuid import UUID

from contracts.errors import FailureCode
from contracts.events.backups import BackupCompleted, BackupFailed, DatabaseStored, FilesStored
from contracts.manifest import Burial, Manifest, Tombstone


def completed(manifest: Manifest, manifest_key: str, manifest_hash: str) -> BackupCompleted:
    """The event that says that the backup of this manifest exists."""
    return BackupCompleted(
        backup_id=manifest.backup_id,
        environment_id=manifest.environment_id,
        finished_at=manifest.finished_at,
        database=_database(manifest),
        files=_files(manifest),
        stored_bytes=manifest.stored_bytes,
        restore_point=manifest.restore_point,
        references=manifest.references,
        dangling_count=manifest.dangling_count,
        orphan_count=manifest.orphan_count,
        warnings=manifest.warnings,
        manifest_key=manifest_key,
        manifest_hash=manifest_hash,
        steps=manifest.steps,
    )


def _database(manifest: Manifest) -> DatabaseStored:
    part = manifest.database
    return DatabaseStored(
        bytes=part.bytes,
        stored_bytes=part.stored_bytes,
        tables=part.tables,
        server_version=part.server_version,
        snapshot_held_seconds=part.snapshot_held_seconds,
    )


def _files(manifest: Manifest) -> FilesStored:
    part = manifest.files
    return FilesStored(count=part.count, bytes=part.bytes, new_count=part.new_count, new_bytes=part.new_bytes)


def buried(backup_id: UUID, environment_id: UUID, now: datetime, code: FailureCode, reason: str) -> Tombstone:
    """The tombstone that is put before a failure or a cancellation is told."""
    why = Burial.CANCELLED if code is FailureCode.CANCELLED else Burial.FAILED
    return Tombstone(
        backup_id=backup_id, environment_id=environment_id, buried_at=now, why=why, code=code, reason=reason
    )


def failed(tombstone: Tombstone, *, retryable: bool) -> BackupFailed:
    """The event that says that the backup of this tombstone never will exist."""
    return BackupFailed(
        backup_id=tombstone.backup_id,
        environment_id=tombstone.environment_id,
        finished_at=tombstone.buried_at,
        code=tombstone.code or FailureCode.INTERNAL,
        reason=tombstone.reason,
        retryable=retryable,
    )
