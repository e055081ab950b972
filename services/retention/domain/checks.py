"""When stored backups are looked at, and which part of them is read."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

ALL: Final = 100
_PARTS: Final = 1000


def first_check(environment_id: UUID, created_at: datetime, every: timedelta) -> datetime:
    """Somewhere within the first interval, by the environment's id: not all are looked at on the same day."""
    return created_at + every * (environment_id.int % _PARTS) / _PARTS


def next_seed(seed: int, read_percent: int) -> int:
    """The next part of the packs: 100 / `read_percent` checks in a row read all of them."""
    return (seed + read_percent) % ALL
