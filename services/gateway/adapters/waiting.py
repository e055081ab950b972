"""Says of work that is under way why it waits, where its service has told that: on the topic of progress alone."""

from typing import Final, TypeVar
from uuid import UUID

from services.gateway.resources import Backup, Restore, Upload
from services.platform.messaging.progress import ProgressTail

UNDER_WAY: Final = frozenset({"queued", "running"})

T = TypeVar("T", Backup, Restore, Upload)


def with_trouble(progress: ProgressTail, found: T, job_id: UUID) -> T:
    """The same; its `status_message` says why it waits, if its newest note does."""
    note = progress.newest(job_id)
    if note is None or note.trouble is None or not UNDER_WAY & {found.state, getattr(found, "undo_state", None)}:
        return found
    return found.model_copy(update={"status_message": f"waits: {note.trouble}"})
