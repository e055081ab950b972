"""An upload of data, from its acceptance to its end."""

from uuid import UUID

from contracts.envelope import Event
from contracts.events import uploads as events
from contracts.events.archives import DataType
from contracts.states import UPLOAD, UploadState, move
from services.catalog.domain.state.aggregate import Aggregate, changed


class Upload(Aggregate):
    """`safety_backup_id` is the way back; None where somebody refused it."""

    upload_id: UUID
    environment_id: UUID
    data_type: DataType
    safety_backup_id: UUID | None
    state: UploadState = UploadState.QUEUED
    cancel_requested: bool = False


def evolve(upload: Upload | None, event: Event) -> Upload | None:
    """The upload after `event`. Raises ForbiddenMoveError when its machine does not know the move."""
    if isinstance(event, events.UploadRequested):
        told = ("app_id", "upload_id", "environment_id", "data_type", "safety_backup_id")
        return Upload.model_validate({name: getattr(event, name) for name in told})
    if upload is None:
        return None
    match event:
        case events.UploadCancelRequested():
            return changed(upload, cancel_requested=True)
        case events.UploadStarted() if upload.state is UploadState.RUNNING:
            return upload  # another worker took over
        case events.UploadStarted():
            return changed(upload, state=move(UPLOAD, upload.state, UploadState.RUNNING))
        case events.DataUploaded():
            return changed(upload, state=move(UPLOAD, upload.state, UploadState.COMPLETED))
        case events.UploadFailed():
            return changed(upload, state=move(UPLOAD, upload.state, UploadState.FAILED))
        case _:
            return upload
