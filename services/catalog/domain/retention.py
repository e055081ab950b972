"""How long a backup is kept: tiers from its slot date, windows from its acceptance (spec: retention §2)."""

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from contracts import defaults
from contracts.events.backups import Tier

SUNDAY: Final = 6
FIRST_WEEK_DAYS: Final = 7


@dataclass(frozen=True)
class Window:
    """How long a tier keeps a backup, counted from `created_at`."""

    days: int = 0
    months: int = 0

    def end(self, created_at: datetime) -> datetime:
        """The instant at which the window closes, in UTC, at the same time of day."""
        return add_months(created_at.astimezone(UTC), self.months) + timedelta(days=self.days)


@dataclass(frozen=True)
class Policy:
    """A named, versioned rule. One without windows keeps everything."""

    name: str
    version: int
    windows: tuple[tuple[Tier, Window], ...]


CLASSIC: Final = Policy(
    "classic",
    1,
    ((Tier.DAILY, Window(days=14)), (Tier.WEEKLY, Window(months=3)), (Tier.MONTHLY, Window(months=12))),
)


def add_months(instant: datetime, months: int) -> datetime:
    """The same day and time `months` later, the day clamped to the end of a shorter month."""
    year, month = divmod(instant.month - 1 + months, 12)
    year, month = instant.year + year, month + 1
    return instant.replace(year=year, month=month, day=min(instant.day, calendar.monthrange(year, month)[1]))


def tiers(slot_date: date) -> tuple[Tier, ...]:
    """The tiers of a slot date: daily always, weekly on a Sunday, monthly on the first Sunday of a month."""
    if slot_date.weekday() != SUNDAY:
        return (Tier.DAILY,)
    if slot_date.day > FIRST_WEEK_DAYS:
        return (Tier.DAILY, Tier.WEEKLY)
    return (Tier.DAILY, Tier.WEEKLY, Tier.MONTHLY)


def expires_at(created_at: datetime, matched: Iterable[Tier], policy: Policy = CLASSIC) -> datetime | None:
    """From this instant on a backup may go: the latest of its windows. None: it is kept for ever."""
    wanted = set(matched)
    return max((window.end(created_at) for tier, window in policy.windows if tier in wanted), default=None)


def failed_expires_at(created_at: datetime) -> datetime:
    """A failed backup falls into no tier; it is listed for a while, so that somebody sees it."""
    return created_at.astimezone(UTC) + timedelta(days=defaults.FAILED_BACKUP_KEPT_DAYS)


def is_kept(now: datetime, expiry: datetime | None) -> bool:
    """Kept while `now < expires_at`."""
    return expiry is None or now < expiry
