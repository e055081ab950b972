"""A backup as it was accepted: what is shown of it until the read model has it."""

from typing import Any

from contracts.envelope import Body
from contracts.states import WAITING, BackupState


def queued(said: Body) -> dict[str, Any]:
    """The document of the backup that `said`, a BackupRequested, is about; the read model's first one says the same."""
    told = said.model_dump(mode="json")
    moved = {"status_message": WAITING, "updated_at": told["created_at"], "finished_at": None}
    return {**told, "state": BackupState.QUEUED, **moved}
