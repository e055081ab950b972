"""When a backup reads every document again, whatever their stamps say (spec: environments, "The backup")."""

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
    earlier = every_days * (environment_id.int % 256) / (256 * SPREAD)
    return now - read_all_at >= timedelta(days=every_days - earlier)
