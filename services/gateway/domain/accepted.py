"""A backup as it was accepted: what is shown of it until the read model has it."""

from collections.abc import Mapping
from typing import Any

from contracts.states import WAITING, BackupState


def queued(said: Mapping[str, Any]) -> dict[str, Any]:
    """The document of the backup that `said`, a BackupRequested as it travels, is about.

    The read model's first one shows the same. What a later release's catalog says besides is passed over.
    """
    moved = {"status_message": WAITING, "updated_at": said["created_at"], "finished_at": None}
    return {**said, "state": BackupState.QUEUED, **moved}
