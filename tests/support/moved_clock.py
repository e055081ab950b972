"""A business clock that a test moves, in every process that looks at its file."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path


@dataclass(frozen=True)
class MovedBy:
    """The file; between two moves the clock goes on as the machine's does."""

    path: Path

    def now(self) -> datetime:
        """What the services take for the present instant."""
        return datetime.now(UTC) + timedelta(seconds=float(self.path.read_text(encoding="ascii")))

    def to(self, instant: datetime) -> None:
        """It is this instant now. Whoever reads meanwhile sees the clock before or after the move, nothing between."""
        new = self.path.with_suffix(".new")
        new.write_text(str((instant - datetime.now(UTC)).total_seconds()), encoding="ascii")
        new.replace(self.path)

    def on(self, **how_far: float) -> None:
        """Forwards, in the words of timedelta; backwards below zero."""
        self.to(self.now() + timedelta(**how_far))
