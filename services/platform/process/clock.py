"""The business clock as an argument: rules never read the time, they are told it (architecture §2.15)."""

from datetime import UTC, datetime
from typing import Protocol


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
