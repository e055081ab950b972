"""The business clock as an argument: rules never read the time, they are told it (architecture §2.15)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import structlog

from services.platform.process.settings import ClockSettings

log = structlog.get_logger()


class Clock(Protocol):
    """Says what time it is for the business; leases and back-off use PostgreSQL's clock instead."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return datetime.now(UTC)


class MovedClock:
    """The machine's clock, moved by the seconds that a file holds: for rehearsals, never where real backups are."""

    def __init__(self, moved_by: Path) -> None:
        self._moved_by = moved_by

    def now(self) -> datetime:
        """The present instant as the file says now. Raises OSError or ValueError where it says nothing."""
        return datetime.now(UTC) + timedelta(seconds=float(self._moved_by.read_text(encoding="ascii")))


def open_clock(settings: ClockSettings) -> Clock:
    """The clock that the settings name; a moved one says so loudly."""
    if settings.moved_by_file is None:
        return SystemClock()
    log.warning("the business clock is moved: backups expire by a time that is not the real one")
    return MovedClock(settings.moved_by_file)
