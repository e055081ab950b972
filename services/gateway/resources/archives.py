"""Archives, the downloadable forms of backups, as the HTTP API shows them."""

from datetime import datetime
from uuid import UUID

from contracts.events.archives import DataType
from contracts.states import ArchiveState
from services.gateway.resources.backups import Failure
from services.gateway.resources.shapes import Resource


class Archive(Resource):
    """An archive. Once it is completed, `url` is a direct link that needs no key until `link_ends_at`.

    `size_bytes` and `sha256` are those of the whole file, and null until it is completed; `estimated_bytes` is there
    sooner. The link answers HEAD and Range, so a download has a progress and goes on after a break.
    """

    archive_id: UUID
    backup_id: UUID
    environment_id: UUID
    data_type: DataType
    state: ArchiveState
    status_message: str = ""
    file_name: str
    created_at: datetime
    created_by: str
    updated_at: datetime
    finished_at: datetime | None = None
    estimated_bytes: int | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    url: str | None = None
    link_ends_at: datetime | None = None
    failure: Failure | None = None


class ArchivePage(Resource):
    """The archives of a backup, newest first."""

    archives: list[Archive]
    next: str | None = None
