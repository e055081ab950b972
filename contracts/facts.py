"""What a preflight has looked at: told whatever it found, so that a person sees how near it was."""

from typing import Final

from contracts.values import RunState, Value


class Facts(Value):
    """Both sides of a restore as a preflight saw them; null is what nobody knows, or what was not looked at.

    Sizes are in bytes. `database_needed_bytes` and `files_needed_bytes` must fit in beside what is there, of which
    `database_free_bytes` and `files_free_bytes` tell the room; a database takes at least what is said, since nobody
    knows before what its indexes add. `run_state` and the model versions are as the commands said by the time it was
    asked for; `open_sessions` are those that the switch would end.
    """

    run_state: RunState | None = None
    model_version: str | None = None
    backup_model_version: str | None = None
    server_version: str | None = None
    backup_server_version: str | None = None
    open_sessions: int | None = None
    backup_database_bytes: int | None = None
    backup_files_bytes: int | None = None
    database_needed_bytes: int | None = None
    database_free_bytes: int | None = None
    files_needed_bytes: int | None = None
    files_free_bytes: int | None = None

    def beside(self, other: "Facts") -> "Facts":
        """What either knows; `other` where both do."""
        return self.model_copy(update={name: known for name, known in other if known is not None})


UNKNOWN: Final = Facts()
"""Before anybody has looked."""
