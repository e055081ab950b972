"""Which calendar date a backup counts for: a fixed offset per region, daylight saving ignored (spec: retention §1)."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from contracts.values import Region, Schedule, WallClockSchedule

OFFSETS: Final[Mapping[Region, timezone]] = MappingProxyType({
    Region.EUROPE: timezone(timedelta(hours=1)),
    Region.US_EAST: timezone(timedelta(hours=-5)),
    Region.ASIA_PACIFIC: timezone(timedelta(hours=9)),
})  # fmt: skip


def local(instant: datetime, region: Region, schedule: Schedule | None = None) -> datetime:
    """`instant` in the calendar of an environment: its region's fixed offset, or the zone of a wall-clock override."""
    if isinstance(schedule, WallClockSchedule):
        return instant.astimezone(ZoneInfo(schedule.zone))
    return instant.astimezone(OFFSETS[region])


def slot_date(instant: datetime, region: Region, schedule: Schedule | None = None) -> date:
    """The date that a backup counts for; computed once, then stored."""
    return local(instant, region, schedule).date()


def calendar_offset(instant: datetime, region: Region, schedule: Schedule | None = None) -> str:
    """The offset that `slot_date` used, like `+01:00`."""
    return local(instant, region, schedule).isoformat()[-6:]
