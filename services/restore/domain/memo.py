"""What a restore remembers between its steps and its attempts."""

from collections.abc import Sequence
from typing import Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict

from contracts.events.restores import FilesRestored
from contracts.values import StepTime, Warning  # noqa: A004 -- the product's word


class Memo(BaseModel):
    """Kept with the job at the end of every step.

    `begun`: something may have been changed outside. `closing`: the live database may be closed, so whatever happens
    somebody has to open it again. `switched_at`: the switch was seen to have happened. `completed`: an end that came
    after a failure, with all of the work done. `documents_back`: an undo has brought the documents back.
    `model_version`: what an upload's data needs. `outside`: what a sent dump may not change, as it was before.
    """

    model_config = ConfigDict(extra="forbid")

    begun: bool = False
    closing: bool = False
    switched_at: AwareDatetime | None = None
    completed: bool = False
    documents_back: bool = False
    model_version: str | None = None
    outside: dict[str, Any] | None = None
    bytes_to_move: int = 0
    database_bytes: int = 0
    tables: int = 0
    files: FilesRestored | None = None
    sessions_ended: tuple[str, ...] = ()
    warnings: tuple[Warning, ...] = ()
    steps: tuple[StepTime, ...] = ()

    @classmethod
    def of(cls, kept: dict[str, Any]) -> Self:
        """The memo as a job kept it."""
        return cls.model_validate(kept)

    def keep_in(self, kept: dict[str, Any]) -> None:
        """Put it where the job keeps it."""
        kept.clear()
        kept.update(self.model_dump(mode="json"))

    def again(self) -> None:
        """A new attempt does everything before the switch anew."""
        self.database_bytes = self.tables = 0
        self.files = None
        self.warnings, self.steps = (), ()

    def warn(self, warnings: Sequence[Warning]) -> None:
        """Remember warnings for the end."""
        self.warnings = (*self.warnings, *warnings)

    def took(self, step: str, seconds: float) -> None:
        """Remember how long a step took."""
        self.steps = (*self.steps, StepTime(step=step, seconds=round(seconds, 3)))
