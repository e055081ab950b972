"""When a backup takes no state of before on trust, and lists or reads all again (spec: environments, "The backup")."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from contracts.events.backups import BackupKind

SPREAD: Final = 4
"""Environments that were first backed up in one night are read again in many: up to a quarter earlier."""


def is_due(kind: BackupKind, environment_id: UUID, read_all_at: datetime, now: datetime, every_days: float) -> bool:
    """Whether the time since `read_all_at` is over; 0 days is never. A person who asks for a backup does not wait."""
    if kind is not BackupKind.NIGHTLY or not every_days:
        return False
    return is_over(environment_id, read_all_at, now, every_days)


def is_over(environment_id: UUID, then: datetime, now: datetime, every_days: float) -> bool:
    """Whether the time since `then` is over for this environment; 0 days are over at once."""
    earlier = every_days * (environment_id.int % 256) / (256 * SPREAD)
    return now - then >= timedelta(days=every_days - earlier)
