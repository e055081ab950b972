"""The gateway's calls about files that are sent to it, and about uploads of what they hold."""

from collections.abc import Iterator
from uuid import UUID

from contracts.events.archives import DataType
from services.cli.calling import Calling, OnProgress, asked, environment_path
from services.cli.waiting import Deadline
from services.gateway.resources import Backup, NewImport, NewParcel, NewUpload, Parcel, ParcelList, Upload


class UploadCalls(Calling):
    """What is sent; `services.cli.sending` sends a whole file."""

    def create_parcel(
        self, environment_id: UUID, size_bytes: int, sha256: str, *, idempotency_key: str | None = None
    ) -> Parcel:
        """Begin to send a file, or go on with it: the same key gives the same parcel."""
        body = asked(NewParcel, size_bytes=size_bytes, sha256=sha256)
        return self._change("POST", environment_path(environment_id, "parcels"), Parcel, body, idempotency_key)

    def parcel(self, parcel_id: UUID) -> Parcel:
        """A file on its way, and what of it is missing."""
        return self._show(f"/api/v1/parcels/{parcel_id}", Parcel)

    def parcels(self, environment_id: UUID) -> list[Parcel]:
        """The files on their way into an environment."""
        return self._show(environment_path(environment_id, "parcels"), ParcelList).parcels

    def send_part(self, parcel_id: UUID, number: int, data: bytes) -> None:
        """One part, counted from 0; again is harmless."""
        self._transport.put(f"/api/v1/parcels/{parcel_id}/parts/{number}", data)

    def give_up_parcel(self, parcel_id: UUID, *, idempotency_key: str | None = None) -> None:
        """Have what was sent of a file removed."""
        self._transport.change("DELETE", f"/api/v1/parcels/{parcel_id}", key=idempotency_key)

    def create_upload(
        self,
        environment_id: UUID,
        parcel_id: UUID,
        data_type: DataType,
        *,
        safety_backup: bool = True,
        idempotency_key: str | None = None,
    ) -> Upload:
        """Clear an environment and fill it with what was sent; `wait_for_upload` waits for its end."""
        body = NewUpload(parcel_id=parcel_id, data_type=data_type, safety_backup=safety_backup)
        return self._change("POST", environment_path(environment_id, "uploads"), Upload, body, idempotency_key)

    def import_backup(
        self,
        environment_id: UUID,
        parcel_id: UUID,
        comment: str = "",
        *,
        model_version: str | None = None,
        idempotency_key: str | None = None,
    ) -> Backup:
        """Make a backup of what was sent; `wait_for_backup` waits for its end."""
        body = asked(NewImport, parcel_id=parcel_id, comment=comment, model_version=model_version)
        return self._change("POST", environment_path(environment_id, "imports"), Backup, body, idempotency_key)

    def uploads(self, environment_id: UUID, *, page_size: int = 100) -> Iterator[Upload]:
        """The uploads into an environment, newest first."""
        return self._pages(environment_path(environment_id, "uploads"), "uploads", Upload, {"limit": page_size})

    def upload(self, upload_id: UUID) -> Upload:
        """One upload."""
        return self._show(f"/api/v1/uploads/{upload_id}", Upload)

    def cancel_upload(self, upload_id: UUID, *, idempotency_key: str | None = None) -> Upload:
        """Stop an upload that has not switched yet; `wait_for_upload` tells how it ended."""
        return self._change("POST", f"/api/v1/uploads/{upload_id}/cancel", Upload, None, idempotency_key)

    def wait_for_upload(
        self, upload_id: UUID, on_progress: OnProgress | None = None, *, timeout_seconds: float | None = None
    ) -> Upload:
        """The upload when it has ended. Raises NotKnownYetError after the timeout."""
        deadline = Deadline("the upload", timeout_seconds)
        return self._followed(f"/api/v1/uploads/{upload_id}/progress", Upload, on_progress, deadline)
