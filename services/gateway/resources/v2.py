"""What the compatible API shows (spec: backups-api-v2): its names, its times in milliseconds, null where nothing is."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import PlainSerializer

from contracts.defaults import NIGHTLY_COMMENT
from contracts.events.archives import DataType
from contracts.events.backups import BackupKind
from contracts.states import ArchiveState, BackupState, RestoreState
from services.gateway.resources.archives import Archive
from services.gateway.resources.shapes import Resource


def _milliseconds(at: datetime) -> str:
    whole = at.astimezone(UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{whole.microsecond // 1000:03d}Z"


Instant = Annotated[datetime, PlainSerializer(_milliseconds, return_type=str)]

_SHOWN: Final[dict[str, str]] = {
    RestoreState.UNDONE: RestoreState.COMPLETED,
    ArchiveState.EXPIRED: ArchiveState.COMPLETED,
}
"""States that scripts do not know, as those that they came from."""
_GONE: Final = {BackupState.EXPIRED, BackupState.DELETING, BackupState.DELETED}
"""Only a repeated change is answered with one that is in such a state: scripts know how it had ended."""
NIGHTLY_SNAPSHOT: Final = "Automatically created nightly snapshot"
SNAPSHOT_DONE: Final = "Completed backup creation"
ARCHIVE_DONE: Final = "Done preparing download archive"
RESTORE_DONE: Final = "Restore completed"
"""That API's own words, which scripts compare with."""
LINK_OVER: Final = "the link is over: ask for a new archive"


class Snapshot(Resource):
    """A backup, as that API calls it; `type` is ours."""

    snapshot_id: UUID
    state: str
    status_message: str | None
    comment: str
    model_version: str | None
    created_at: Instant
    updated_at: Instant | None
    finished_at: Instant | None
    expires_at: Instant | None
    type: BackupKind

    @classmethod
    def of(cls, backup: dict[str, Any]) -> Self:
        """The snapshot that the read model's document of a backup is."""
        ended = BackupState.FAILED if backup.get("failure") else BackupState.COMPLETED
        state = ended if backup["state"] in _GONE else backup["state"]
        is_nightly = backup["kind"] == BackupKind.NIGHTLY and backup["comment"] == NIGHTLY_COMMENT
        told = {
            "snapshot_id": backup["backup_id"],
            "type": backup["kind"],
            "state": state,
            "status_message": SNAPSHOT_DONE if state == BackupState.COMPLETED else backup.get("status_message") or None,
            "comment": NIGHTLY_SNAPSHOT if is_nightly else backup["comment"],
        }
        return cls.model_validate({**backup, **told})


class SnapshotPage(Resource):
    """Snapshots, newest first; `total` is how many there are in all."""

    snapshots: list[Snapshot]
    total: int
    offset: int
    limit: int


class SnapshotArchive(Resource):
    """A downloadable form of a snapshot; `url` is null until the archive is completed."""

    archive_id: UUID
    snapshot_id: UUID
    data_type: DataType
    state: str
    status_message: str | None
    url: str | None
    created_at: Instant
    updated_at: Instant | None
    finished_at: Instant | None

    @classmethod
    def of(cls, archive: Archive) -> Self:
        """What `/api/v1` shows, in the words of that API."""
        ended = {ArchiveState.EXPIRED: LINK_OVER, ArchiveState.COMPLETED: ARCHIVE_DONE}.get(archive.state)
        return cls.model_validate({
            **archive.model_dump(),
            "snapshot_id": archive.backup_id,
            "state": _SHOWN.get(archive.state, archive.state),
            "status_message": archive.status_message or ended,
        })  # fmt: skip


class SnapshotRestore(Resource):
    """A restore of a snapshot into an environment of its app."""

    restore_id: UUID
    source_snapshot_id: UUID
    source_environment_id: UUID
    target_environment_id: UUID
    state: str
    status_message: str | None
    created_at: Instant
    updated_at: Instant | None
    finished_at: Instant | None

    @classmethod
    def of(cls, restore: dict[str, Any]) -> Self:
        """What the read model's document of a restore says."""
        state = RestoreState(restore["state"])
        done = RESTORE_DONE if state is RestoreState.COMPLETED else None
        return cls.model_validate({
            **restore,
            "source_snapshot_id": restore["backup_id"],
            "target_environment_id": restore["environment_id"],
            "state": _SHOWN.get(state, state),
            "status_message": done or restore.get("status_message") or None,
            "created_at": restore["requested_at"],
        })  # fmt: skip


class DeployedApp(Resource):
    """An app, in the words of the Deploy API; `AppId` is its slug."""

    AppId: str
    Name: str
    ProjectId: UUID
    Url: str


class DeployedEnvironment(Resource):
    """An environment, in the words of the Deploy API."""

    EnvironmentId: UUID
    Mode: str
    Status: str
    ModelVersion: str | None
    Url: str
