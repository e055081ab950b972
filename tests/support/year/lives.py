"""What the log may have said of a backup from its acceptance to its end (spec: retention §2)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from tests.support.script import Seen
from tests.support.year.model import ModelBackup, tiers

WITHIN: Final = timedelta(minutes=5)
"""Between a sweep's look at the clock and the catalog's."""
ON_THE_WAY: Final = {"BackupPinned", "BackupUnpinned", "ExpiryHeld", "ExpiryReleased"}


def was_as_it_should_be(life: Sequence[Seen], backup: ModelBackup) -> None:
    """Begun, ended, held where it should be, and gone, if it is, at its time and for that reason."""
    names = [seen.name for seen in life]
    end = "BackupCompleted" if backup.completed else "BackupFailed"
    assert names[:3] == ["BackupRequested", "BackupStarted", end]
    went = names[3:].count("BackupExpired")
    assert went == (backup.went_at is not None)
    assert set(names[3 : len(names) - went]) <= ON_THE_WAY
    assert ("ExpiryHeld" in names) == backup.was_held
    assert life[0].data["tiers"] == tiers(backup.counts_as)
    if backup.went_at is not None:
        told = life[-1].data
        assert datetime.fromisoformat(told["expires_at"]) == backup.expires_at
        assert backup.went_at - WITHIN < datetime.fromisoformat(told["expired_at"]) < backup.went_at + WITHIN
