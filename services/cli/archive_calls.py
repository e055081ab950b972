"""The gateway's calls about archives, the downloadable forms of backups."""

from collections.abc import Iterator
from uuid import UUID

from contracts.events.archives import DataType
from services.cli.calling import Calling, OnProgress
from services.cli.waiting import Deadline
from services.gateway.resources import Archive


class ArchiveCalls(Calling):
    """What of a backup can be downloaded; `services.cli.downloading` brings it into a file."""

    def create_archive(
        self,
        backup_id: UUID,
        data_type: DataType = DataType.FILES_AND_DATABASE,
        *,
        idempotency_key: str | None = None,
    ) -> Archive:
        """Have a backup made downloadable; asked again, the archive that is ready or on its way."""
        path = f"/api/v1/backups/{backup_id}/archives?data_type={data_type}"
        return self._change("POST", path, Archive, None, idempotency_key)

    def archives(self, backup_id: UUID, *, page_size: int = 100) -> Iterator[Archive]:
        """A backup's archives, newest first."""
        return self._pages(f"/api/v1/backups/{backup_id}/archives", "archives", Archive, {"limit": page_size})

    def archive(self, archive_id: UUID) -> Archive:
        """One archive."""
        return self._show(f"/api/v1/archives/{archive_id}", Archive)

    def cancel_archive(self, archive_id: UUID, *, idempotency_key: str | None = None) -> Archive:
        """Stop an archive that is queued or running; it has failed then."""
        return self._change("POST", f"/api/v1/archives/{archive_id}/cancel", Archive, None, idempotency_key)

    def wait_for_archive(
        self, archive_id: UUID, on_progress: OnProgress | None = None, *, timeout_seconds: float | None = None
    ) -> Archive:
        """The archive when it has ended, completed or failed. Raises NotKnownYetError after the timeout."""
        deadline = Deadline("the archive", timeout_seconds)
        return self._followed(f"/api/v1/archives/{archive_id}/progress", Archive, on_progress, deadline)
