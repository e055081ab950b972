"""What the schedule and the retention rules say, written down a second time from their text alone (spec: retention)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

QUARTER_OF_AN_HOUR: Final = timedelta(minutes=15)
BERLIN_SUMMERS: Final = tuple(
    (date.fromisoformat(begins), date.fromisoformat(ends))
    for begins, ends in (("2026-03-29", "2026-10-25"), ("2027-03-28", "2027-10-31"))
)
"""From the first date on, and until before the second, an evening in Berlin is two hours ahead of UTC."""


@dataclass(frozen=True)
class Rhythm:
    """When a place's nights are: at `hour` and `minute` of a calendar `ahead` of UTC by so many minutes.

    `berlin`: that calendar is one hour further ahead in summer. `fields` is how the schedule is registered.
    """

    hour: int
    minute: int
    ahead: int
    fields: dict[str, object] = field(hash=False)
    berlin: bool = False

    def fires(self, day: date) -> datetime:
        """The instant of the slot that counts for `day`."""
        summer = self.berlin and any(begins <= day < ends for begins, ends in BERLIN_SUMMERS)
        local = datetime(day.year, day.month, day.day, self.hour, self.minute, tzinfo=UTC)
        return local - timedelta(minutes=self.ahead + (60 if summer else 0))

    def due(self, after: datetime, until: datetime) -> Iterator[date]:
        """The dates of all slots that fire behind `after` and not behind `until`."""
        day = after.date() - timedelta(days=2)
        while self.fires(day) <= until:
            if self.fires(day) > after:
                yield day
            day += timedelta(days=1)


def tiers(day: date) -> list[str]:
    """The tiers of a date."""
    if day.isoweekday() < 7:
        return ["daily"]
    return ["daily", "weekly", "monthly"] if day.day <= 7 else ["daily", "weekly"]


def expiry(created_at: datetime, day: date) -> datetime:
    """The instant from which a backup that counts for `day` may go."""
    ends = [created_at + timedelta(days=14)]
    if day.isoweekday() == 7:
        ends.append(_months_later(created_at, 3))
        if day.day <= 7:
            ends.append(_months_later(created_at, 12))
    return max(ends)


def _months_later(instant: datetime, months: int) -> datetime:
    year, month, day = instant.year, instant.month + months, instant.day
    while month > 12:
        year, month = year + 1, month - 12
    while True:
        try:
            return instant.replace(year=year, month=month, day=day)
        except ValueError:
            day -= 1


def wider(before: date | None, sunday: date) -> date:
    """Of two Sundays without a backup the one of more tiers, else the later one."""
    return sunday if before is None or len(tiers(sunday)) >= len(tiers(before)) else before


@dataclass
class ModelBackup:
    """A backup as it should be. `went_at` is the sweep that should have let it go.

    `counts_as` is the date whose tiers it has: its own, or the Sunday that it makes up for.
    """

    backup_id: UUID
    created_at: datetime
    counts_as: date
    completed: bool
    pinned: bool = False
    held: bool = False
    was_held: bool = False
    went_at: datetime | None = None

    @property
    def expires_at(self) -> datetime:
        """A failed one is listed for two weeks, whatever its date."""
        return expiry(self.created_at, self.counts_as) if self.completed else self.created_at + timedelta(days=14)


@dataclass
class ModelPlace:
    """An environment: its nights, and the backups that there are.

    `gap` is a Sunday whose slot ended without a backup and that nothing has made up for; where its policy has it so
    (`fills_gaps`), the next nightly does.
    """

    rhythm: Rhythm
    known_since: datetime
    fills_gaps: bool = False
    gap: date | None = None
    living: list[ModelBackup] = field(default_factory=list)
    gone: list[ModelBackup] = field(default_factory=list)
    slots: dict[date, str] = field(default_factory=dict)

    def counts_as(self, day: date) -> date:
        """The date whose tiers the nightly of `day` has."""
        gap = self.gap if self.fills_gaps else None
        return gap if gap is not None and len(tiers(gap)) > len(tiers(day)) else day

    def slot_ended(self, day: date, state: str) -> None:
        """A Sunday without a backup leaves a gap; the next backup closes it."""
        assert day not in self.slots
        self.slots[day] = state
        if state == "completed":
            self.gap = None
        elif day.isoweekday() == 7:
            self.gap = wider(self.gap, day)

    def last_good(self) -> ModelBackup | None:
        """The newest that is completed."""
        completed = [backup for backup in self.living if backup.completed]
        return max(completed, key=lambda backup: backup.created_at, default=None)

    def sweep(self, now: datetime) -> list[ModelBackup]:
        """What a sweep at `now` lets go; what it finds held by a pin or as the last good one is noted."""
        last_good, gone = self.last_good(), []
        for backup in self.living:
            if now >= backup.expires_at:
                backup.held = backup.pinned or backup is last_good
                backup.was_held |= backup.held
                if not backup.held:
                    backup.went_at = now
                    gone.append(backup)
        self.living = [backup for backup in self.living if backup.went_at is None]
        self.gone += gone
        return gone
