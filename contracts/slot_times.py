"""When nightly slots fire: each calendar date has one instant, in summer as in winter (spec: retention §1)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from contracts.slot_calendar import OFFSETS, calendar_offset
from contracts.values import CloudVersion, Region, Schedule, UtcSchedule, WallClockSchedule

FIRES_AT: Final[Mapping[tuple[Region, CloudVersion], time]] = MappingProxyType({
    (Region.EUROPE, CloudVersion.V3): time(22),
    (Region.EUROPE, CloudVersion.V4): time(19),
    (Region.US_EAST, CloudVersion.V3): time(5),
    (Region.US_EAST, CloudVersion.V4): time(1),
    (Region.ASIA_PACIFIC, CloudVersion.V4): time(16),
})  # fmt: skip
"""In UTC, all year: the authority, whatever a local clock shows."""
SHOWN_IN: Final[Mapping[Region, str]] = MappingProxyType({
    Region.EUROPE: "Europe/Amsterdam",
    Region.US_EAST: "America/New_York",
    Region.ASIA_PACIFIC: "Asia/Tokyo",
})  # fmt: skip
"""The zone whose clock people of a region read; for display only, nothing is decided by it."""
ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class SlotTime:
    """One expected nightly run: the date that it counts for, its instant in UTC, the offset of its calendar then."""

    slot_date: date
    due_at: datetime
    calendar_offset: str


@dataclass(frozen=True)
class Nights:
    """The nightly slots of an environment as it is described now."""

    region: Region
    cloud_version: CloudVersion
    schedule: Schedule | None = None

    def on(self, day: date) -> SlotTime | None:
        """The slot that counts for `day`; None where the zone of a wall-clock override never had that date."""
        due_at = self._due_at(day)
        if due_at is None:
            return None
        return SlotTime(day, due_at, calendar_offset(due_at, self.region, self.schedule))

    def after(self, day: date) -> Iterator[SlotTime]:
        """The slots of the dates behind `day`, one by one, without end."""
        while True:
            day += ONE_DAY
            slot = self.on(day)
            if slot is not None:
                yield slot

    def next_after(self, instant: datetime) -> SlotTime:
        """The first slot that fires later than `instant`."""
        well_before = instant.astimezone(UTC).date() - 3 * ONE_DAY
        return next(slot for slot in self.after(well_before) if slot.due_at > instant)

    def shown(self, instant: datetime) -> datetime:
        """`instant` as a local clock shows it, summer time included; its `tzname()` is the real abbreviation."""
        own = self.schedule.zone if isinstance(self.schedule, WallClockSchedule) else SHOWN_IN[self.region]
        return instant.astimezone(ZoneInfo(own))

    def told(self, instant: datetime) -> str:
        """`shown` in words, to the minute, like `2026-07-01 21:00 CEST`."""
        return f"{self.shown(instant):%Y-%m-%d %H:%M %Z}"

    def _due_at(self, day: date) -> datetime | None:
        if isinstance(self.schedule, WallClockSchedule):
            return _on_wall_clock(day, time.fromisoformat(self.schedule.at), ZoneInfo(self.schedule.zone))
        return _at_utc(day, self._utc_time, self.region)

    @property
    def _utc_time(self) -> time:
        if isinstance(self.schedule, UtcSchedule):
            return time.fromisoformat(self.schedule.at)
        return FIRES_AT[self.region, self.cloud_version]


def _at_utc(day: date, at: time, region: Region) -> datetime:
    """The one instant at this time in UTC whose date is `day` in the region's calendar."""
    offset = OFFSETS[region]
    local = datetime.combine(day, at, UTC).astimezone(offset)
    return datetime.combine(day, local.time(), offset).astimezone(UTC)


def _on_wall_clock(day: date, at: time, zone: ZoneInfo) -> datetime | None:
    """In a gap the first valid instant after it, in an overlap the first occurrence; None: the zone skipped `day`."""
    due_at = _first(datetime.combine(day, at), zone)
    if _local(due_at, zone).date() == day or _has(day, zone):
        return due_at
    return None


def _first(wanted: datetime, zone: ZoneInfo) -> datetime:
    """The first instant at or behind which the clock of `zone` shows `wanted`."""
    by_old_offset = wanted.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if _local(by_old_offset, zone) == wanted:
        return by_old_offset
    return _end_of_gap(wanted.replace(tzinfo=zone, fold=1).astimezone(UTC), by_old_offset, zone)


def _end_of_gap(before: datetime, behind: datetime, zone: ZoneInfo) -> datetime:
    """The instant, to the second, at which the clock of `zone` jumps between these two."""
    jumped = _local(behind, zone) - behind.replace(tzinfo=None)
    while behind - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(behind - before) // timedelta(seconds=2))
        if _local(middle, zone) - middle.replace(tzinfo=None) == jumped:
            behind = middle
        else:
            before = middle
    return behind


def _has(day: date, zone: ZoneInfo) -> bool:
    """Whether a clock in `zone` ever showed this date (Apia, for one, had no 30 December 2011)."""
    return any(_local(_first(datetime.combine(day, hour), zone), zone).date() == day for hour in (time(0), time(12)))


def _local(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)
