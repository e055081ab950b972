"""When nights fire, by the cases computed by hand (spec: retention §1 and §3) and by property over years."""

from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.slot_times import FIRES_AT, Nights, SlotTime
from contracts.values import CloudVersion, Region, Schedule, UtcSchedule, WallClockSchedule

ODD_ZONES = (
    "Europe/Berlin",
    "America/Sao_Paulo",
    "America/Nuuk",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Asia/Gaza",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Australia/Lord_Howe",
    "Antarctica/Troll",
)
TIMES = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
ROWS = st.sampled_from(sorted(FIRES_AT))
BY_UTC = st.builds(lambda row, at: Nights(row[0], row[1], UtcSchedule(at=at)), ROWS, TIMES)
BY_WALL_CLOCK = st.builds(
    lambda row, at, zone: Nights(row[0], row[1], WallClockSchedule(at=at, zone=zone)),
    ROWS,
    TIMES,
    st.sampled_from(ODD_ZONES),
)
BY_REGION = st.builds(lambda row: Nights(*row), ROWS)
ALL = st.one_of(BY_REGION, BY_UTC, BY_WALL_CLOCK)
DAYS = st.dates(date(1995, 1, 1), date(2037, 1, 1))
ONE_DAY = timedelta(days=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def berlin(time: str) -> Nights:
    return Nights(Region.EUROPE, CloudVersion.V4, WallClockSchedule(at=time, zone="Europe/Berlin"))


def slots(nights: Nights, first: date, count: int) -> list[SlotTime]:
    return list(islice(nights.after(first - ONE_DAY), count))


@pytest.mark.parametrize(
    ("region", "version", "day", "due_at"),
    [
        (Region.EUROPE, CloudVersion.V4, "2026-03-04", "2026-03-04T19:00Z"),
        (Region.EUROPE, CloudVersion.V4, "2026-07-04", "2026-07-04T19:00Z"),
        (Region.EUROPE, CloudVersion.V3, "2026-03-28", "2026-03-28T22:00Z"),
        (Region.EUROPE, CloudVersion.V3, "2026-03-29", "2026-03-29T22:00Z"),
        (Region.EUROPE, CloudVersion.V3, "2026-10-24", "2026-10-24T22:00Z"),
        (Region.EUROPE, CloudVersion.V3, "2026-10-25", "2026-10-25T22:00Z"),
        (Region.US_EAST, CloudVersion.V3, "2026-11-01", "2026-11-01T05:00Z"),
        (Region.US_EAST, CloudVersion.V4, "2026-10-31", "2026-11-01T01:00Z"),
        (Region.US_EAST, CloudVersion.V4, "2026-11-01", "2026-11-02T01:00Z"),
        (Region.ASIA_PACIFIC, CloudVersion.V4, "2026-03-01", "2026-02-28T16:00Z"),
    ],
)
def test_each_row_of_the_table_fires_at_its_time_in_utc_and_counts_for_its_fixed_calendar(
    region: Region, version: CloudVersion, day: str, due_at: str
) -> None:
    slot = Nights(region, version).on(date.fromisoformat(day))
    assert slot is not None
    assert (slot.slot_date, slot.due_at) == (date.fromisoformat(day), at(due_at))


def test_what_is_told_of_a_slot_has_the_offset_of_its_calendar() -> None:
    day = date(2026, 7, 4)
    told = [Nights(region, CloudVersion.V4).on(day) for region in Region]
    assert [slot and slot.calendar_offset for slot in told] == ["+01:00", "-05:00", "+09:00"]
    in_summer = berlin("00:30").on(day)
    assert in_summer is not None
    assert in_summer.calendar_offset == "+02:00"


def test_local_time_is_shown_with_its_real_abbreviation_and_decides_nothing() -> None:
    nights = Nights(Region.EUROPE, CloudVersion.V4)
    winter, summer = nights.shown(at("2026-01-15T19:00Z")), nights.shown(at("2026-07-15T19:00Z"))
    assert (winter.hour, winter.tzname(), summer.hour, summer.tzname()) == (20, "CET", 21, "CEST")
    assert Nights(Region.ASIA_PACIFIC, CloudVersion.V4).shown(at("2026-07-15T16:00Z")).tzname() == "JST"
    assert Nights(Region.US_EAST, CloudVersion.V4).shown(at("2026-07-15T01:00Z")).tzname() == "EDT"


def test_a_wall_clock_time_fires_once_on_each_day_when_clocks_change() -> None:
    around_spring, around_autumn = (slots(berlin("00:30"), day, 3) for day in (date(2026, 3, 28), date(2026, 10, 24)))
    assert [slot.due_at for slot in around_spring] == [
        at("2026-03-27T23:30Z"),
        at("2026-03-28T23:30Z"),
        at("2026-03-29T22:30Z"),
    ]
    assert [slot.due_at for slot in around_autumn] == [
        at("2026-10-23T22:30Z"),
        at("2026-10-24T22:30Z"),
        at("2026-10-25T23:30Z"),
    ]


@pytest.mark.parametrize(
    ("zone", "time", "day", "due_at"),
    [
        ("Europe/Berlin", "02:30", "2026-03-29", "2026-03-29T01:00Z"),  # a gap: the first valid instant after it
        ("Europe/Berlin", "02:00", "2026-03-29", "2026-03-29T01:00Z"),
        ("Europe/Berlin", "03:00", "2026-03-29", "2026-03-29T01:00Z"),
        ("Europe/Berlin", "02:30", "2026-10-25", "2026-10-25T00:30Z"),  # an overlap: once, the first
        ("Australia/Lord_Howe", "02:15", "2026-10-04", "2026-10-03T15:30Z"),  # a gap of half an hour
        ("Australia/Lord_Howe", "01:45", "2026-04-05", "2026-04-04T14:45Z"),
        ("America/Sao_Paulo", "00:30", "2018-11-04", "2018-11-04T03:00Z"),  # a day that begins at one
        ("America/Nuuk", "23:30", "2024-03-30", "2024-03-31T01:00Z"),  # a gap up to midnight: still that date's
        ("Asia/Kathmandu", "00:45", "2026-03-04", "2026-03-03T19:00Z"),
    ],
)
def test_gaps_and_overlaps_of_a_wall_clock(zone: str, time: str, day: str, due_at: str) -> None:
    nights = Nights(Region.EUROPE, CloudVersion.V4, WallClockSchedule(at=time, zone=zone))
    slot = nights.on(date.fromisoformat(day))
    assert slot is not None
    assert slot.due_at == at(due_at)


def test_a_date_that_a_zone_never_had_has_no_slot() -> None:
    nights = Nights(Region.EUROPE, CloudVersion.V4, WallClockSchedule(at="10:00", zone="Pacific/Apia"))
    assert nights.on(date(2011, 12, 30)) is None
    assert [slot.slot_date.day for slot in slots(nights, date(2011, 12, 29), 2)] == [29, 31]


@given(ALL, DAYS)
@settings(deadline=None, max_examples=60)
def test_every_calendar_date_has_exactly_one_slot_over_two_years(nights: Nights, first: date) -> None:
    told = slots(nights, first, 731)
    days = [slot.slot_date for slot in told]
    never = {day for day in (first + n * ONE_DAY for n in range(731)) if nights.on(day) is None}
    assert len(set(days)) == len(days)
    assert set(days) | never >= {first + n * ONE_DAY for n in range(731)}
    assert never <= {date(1994, 12, 31), date(1995, 1, 1), date(2011, 12, 30)}
    assert all(later.due_at > sooner.due_at for sooner, later in pairwise(told))


@given(st.one_of(BY_REGION, BY_UTC), DAYS)
def test_without_a_wall_clock_a_slot_fires_every_24_hours_at_its_utc_time(nights: Nights, first: date) -> None:
    told = slots(nights, first, 400)
    assert {later.due_at - sooner.due_at for sooner, later in pairwise(told)} == {ONE_DAY}
    assert {slot.due_at.tzinfo for slot in told} == {UTC}


@given(BY_WALL_CLOCK, DAYS)
def test_a_wall_clock_slot_fires_when_its_clock_first_shows_the_time(nights: Nights, day: date) -> None:
    schedule, slot = nights.schedule, nights.on(day)
    assert isinstance(schedule, WallClockSchedule)
    if slot is not None:
        zone = ZoneInfo(schedule.zone)
        shown = slot.due_at.astimezone(zone).replace(tzinfo=None)
        wanted = datetime.fromisoformat(f"{day.isoformat()}T{schedule.at}")
        just_before = (slot.due_at - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None)
        assert just_before < wanted <= shown


@given(ALL, st.datetimes(datetime(1996, 1, 1), datetime(2036, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 -- hypothesis adds the zone
def test_the_next_slot_is_later_and_none_lies_between(nights: Nights, instant: datetime) -> None:
    slot = nights.next_after(instant)
    assert slot.due_at > instant
    before = [one for n in range(1, 4) if (one := nights.on(slot.slot_date - n * ONE_DAY))]
    assert all(one.due_at <= instant for one in before)


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        ("2026-03-05T00:59:59Z", "2026-03-04"),  # in UTC it is the next day already
        ("2026-03-05T01:00:00Z", "2026-03-05"),  # at its instant it has fired
    ],
)
def test_the_next_slot_is_behind_the_instant_and_not_at_it(instant: str, day: str) -> None:
    nights = Nights(Region.US_EAST, CloudVersion.V4)
    assert nights.next_after(at(instant)) == nights.on(date.fromisoformat(day))


def _described(schedule: Schedule | None) -> Nights:
    return Nights(Region.EUROPE, CloudVersion.V4, schedule)


def test_an_own_utc_time_keeps_the_calendar_of_the_region() -> None:
    late = _described(UtcSchedule(at="23:30")).on(date(2026, 3, 1))
    assert late is not None
    assert (late.due_at, late.calendar_offset) == (at("2026-02-28T23:30Z"), "+01:00")


def test_an_instant_is_told_as_the_local_clock_shows_it_with_its_real_abbreviation() -> None:
    europe = Nights(Region.EUROPE, CloudVersion.V4)
    assert europe.told(datetime(2026, 3, 8, 19, tzinfo=UTC)) == "2026-03-08 20:00 CET"
    assert europe.told(datetime(2026, 7, 1, 19, tzinfo=UTC)) == "2026-07-01 21:00 CEST"
