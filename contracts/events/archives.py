"""What happened to archives: the downloadable forms of backups (said by the gateway, on streams of its own)."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from contracts.envelope import Event
from contracts.errors import FailureCode


class DataType(StrEnum):
    """What of a backup an archive holds (spec: backups-api-v2)."""

    FILES_AND_DATABASE = "files_and_database"
    DATABASE_ONLY = "database_only"
    FILES_ONLY = "files_only"


class ArchiveRequested(Event):
    """Somebody wants to download a backup."""

    archive_id: UUID
    backup_id: UUID
    environment_id: UUID
    data_type: DataType
    requested_at: AwareDatetime
    requested_by: str


class ArchiveStarted(Event):
    """Work on an archive's index began."""

    archive_id: UUID
    backup_id: UUID
    environment_id: UUID
    started_at: AwareDatetime


class ArchiveCompleted(Event):
    """An archive can be downloaded until its link ends; nothing of it is stored but how its bytes are made again.

    `bytes` and `sha256` (hexadecimal) are those of the whole file; `encoder` is the only one that makes it again.
    """

    archive_id: UUID
    backup_id: UUID
    environment_id: UUID
    finished_at: AwareDatetime
    file_name: str
    bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    encoder: str
    link_ends_at: AwareDatetime


class ArchiveFailed(Event):
    """An archive could not be made."""

    archive_id: UUID
    backup_id: UUID
    environment_id: UUID
    finished_at: AwareDatetime
    code: FailureCode
    reason: str
    retryable: bool


class ArchiveExpired(Event):
    """An archive's link works no more.

    Its time is over, its bytes cannot be made again as they were, somebody ended it (`cancelled`), or what kept its
    backup for it was taken away (`let_go`).
    """

    archive_id: UUID
    backup_id: UUID
    environment_id: UUID
    expired_at: AwareDatetime
    why: Literal["link_ended", "encoder_changed", "not_the_same", "backup_unreadable", "cancelled", "let_go"]
