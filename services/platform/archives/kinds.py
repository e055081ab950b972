"""What an archive is called, and what it says of its backup (spec: backups-api-v2, "Archive formats")."""

import json
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from contracts.events.archives import DataType
from contracts.manifest import Manifest

MEDIA_TYPES: Final = {
    DataType.FILES_AND_DATABASE: "application/gzip",
    DataType.DATABASE_ONLY: "application/octet-stream",
    DataType.FILES_ONLY: "application/gzip",
}
_NAMES: Final = {
    DataType.FILES_AND_DATABASE: ("files_and_database", "tar.gz"),
    DataType.DATABASE_ONLY: ("database", "backup"),
    DataType.FILES_ONLY: ("files", "tar.gz"),
}
_ID_CHARACTERS: Final = 8


def file_name(data_type: DataType, backup_id: UUID, created_at: datetime) -> str:
    """For example `database-5f0c9a1e-202603041900.backup`: the backup's id, and when it was accepted, in UTC."""
    name, suffix = _NAMES[data_type]
    return f"{name}-{str(backup_id)[:_ID_CHARACTERS]}-{created_at.astimezone(UTC):%Y%m%d%H%M}.{suffix}"


def metadata(manifest: Manifest) -> bytes:
    """The file `.metadata`: JSON, numbers as strings; the database's size is its dump's, the only one that is known."""
    told = {
        "duration": f"{(manifest.finished_at - manifest.started_at).total_seconds():.0f}",
        "dumpSize": str(manifest.database.bytes),
        "databaseSize": str(manifest.database.bytes),
        "filesSize": str(manifest.files.bytes),
        "modelVersion": manifest.backup.model_version or "",
    }
    return json.dumps(told, sort_keys=True).encode()
