"""An upload of data as a reader sees it."""

from typing import Any

from pydantic import AwareDatetime

from contracts.envelope import Event
from contracts.events import uploads as events
from contracts.events.uploads import DatabaseUploaded, FilesUploaded
from contracts.states import WAITING
from contracts.values import StepTime, Warning  # noqa: A004 -- the product's word
from services.catalog.domain.state.upload import Upload, evolve
from services.catalog.projection.views.backup import FailureView
from services.catalog.projection.views.folded import folded


class UploadView(Upload):
    """`size_bytes` is of the file that was sent; `model_version` what the data needs, where the archive told."""

    size_bytes: int
    requested_at: AwareDatetime
    requested_by: str
    status_message: str = ""
    updated_at: AwareDatetime
    started_at: AwareDatetime | None = None
    finished_at: AwareDatetime | None = None
    switched_at: AwareDatetime | None = None
    model_version: str | None = None
    database: DatabaseUploaded | None = None
    files: FilesUploaded | None = None
    sessions_ended: tuple[str, ...] = ()
    warnings: tuple[Warning, ...] = ()
    steps: tuple[StepTime, ...] = ()
    failure: FailureView | None = None


_COMPLETED = (
    "finished_at", "switched_at", "model_version", "database", "files", "sessions_ended", "warnings", "steps",
)  # fmt: skip


def view(before: UploadView | None, event: Event) -> UploadView | None:
    """The upload after `event`. Raises ForbiddenMoveError when its machine does not know the move."""
    state = evolve(before, event)
    if state is None:
        return None
    return folded(UploadView, before, state, _details(event))


def _details(event: Event) -> dict[str, Any]:
    match event:
        case events.UploadRequested():
            told = {name: getattr(event, name) for name in ("requested_at", "requested_by")}
            waiting = WAITING if event.safety_backup_id is None else "Waiting for its safety backup"
            size = event.parcel.size_bytes
            return told | {"size_bytes": size, "updated_at": event.requested_at, "status_message": waiting}
        case events.UploadCancelRequested():
            return {"status_message": "Being cancelled"}
        case events.UploadStarted():
            return {"updated_at": event.started_at, "started_at": event.started_at, "status_message": "Running"}
        case events.DataUploaded():
            told = {name: getattr(event, name) for name in _COMPLETED}
            return told | {"updated_at": event.finished_at, "status_message": "Completed"}
        case events.UploadFailed():
            failure = FailureView.model_validate(event)
            told = {"updated_at": event.finished_at, "finished_at": event.finished_at, "failure": failure}
            return told | {"status_message": event.reason}
        case _:
            return {}
