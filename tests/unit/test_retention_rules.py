"""Tiers and expiry, by the cases computed by hand (spec: retention §3) and by property."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.events.backups import BackupKind, Tier
from contracts.retention import (
    CLASSIC,
    FLAT_ON_DEMAND,
    Policy,
    UnusablePolicyError,
    Window,
    add_months,
    expires_at,
    failed_expires_at,
    is_kept,
    meant,
    tiers,
)
from contracts.slot_calendar import calendar_offset, slot_date
from contracts.slot_times import FIRES_AT, Nights
from contracts.values import CloudVersion, Region, UtcSchedule, WallClockSchedule

DAILY = (Tier.DAILY,)
WEEKLY = (Tier.DAILY, Tier.WEEKLY)
MONTHLY = (Tier.DAILY, Tier.WEEKLY, Tier.MONTHLY)
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- hypothesis adds the zone


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("region", "instant", "day", "matched", "expiry"),
    [
        (Region.EUROPE, "2026-03-04T19:00:00Z", "2026-03-04", DAILY, "2026-03-18T19:00:00Z"),
        (Region.EUROPE, "2026-03-01T19:00:00Z", "2026-03-01", MONTHLY, "2027-03-01T19:00:00Z"),
        (Region.EUROPE, "2026-03-08T19:00:00Z", "2026-03-08", WEEKLY, "2026-06-08T19:00:00Z"),
        (Region.EUROPE, "2025-11-30T19:00:00Z", "2025-11-30", WEEKLY, "2026-02-28T19:00:00Z"),
        (Region.EUROPE, "2026-08-30T19:00:00Z", "2026-08-30", WEEKLY, "2026-11-30T19:00:00Z"),
        (Region.EUROPE, "2026-03-28T22:00:00Z", "2026-03-28", DAILY, "2026-04-11T22:00:00Z"),
        (Region.EUROPE, "2026-03-29T22:00:00Z", "2026-03-29", WEEKLY, "2026-06-29T22:00:00Z"),
        (Region.EUROPE, "2026-10-24T22:00:00Z", "2026-10-24", DAILY, "2026-11-07T22:00:00Z"),
        (Region.EUROPE, "2026-10-25T22:00:00Z", "2026-10-25", WEEKLY, "2027-01-25T22:00:00Z"),
        (Region.ASIA_PACIFIC, "2026-02-28T16:00:00Z", "2026-03-01", MONTHLY, "2027-02-28T16:00:00Z"),
        (Region.US_EAST, "2026-11-01T01:00:00Z", "2026-10-31", DAILY, "2026-11-15T01:00:00Z"),
        (Region.US_EAST, "2026-11-02T01:00:00Z", "2026-11-01", MONTHLY, "2027-11-02T01:00:00Z"),
    ],
)
def test_the_cases_computed_by_hand(
    region: Region, instant: str, day: str, matched: tuple[Tier, ...], expiry: str
) -> None:
    found = slot_date(at(instant), region)
    assert found == date.fromisoformat(day)
    assert tiers(found) == matched
    assert expires_at(at(instant), matched) == at(expiry)


def test_a_backup_is_kept_until_its_expiry_and_not_at_it() -> None:
    expiry = expires_at(at("2026-03-04T19:00:00Z"), DAILY)
    assert is_kept(at("2026-03-18T18:59:59.999Z"), expiry)
    assert not is_kept(at("2026-03-18T19:00:00Z"), expiry)


def test_a_late_run_counts_its_expiry_from_its_acceptance() -> None:
    assert expires_at(at("2026-03-04T20:10:00Z"), DAILY) == at("2026-03-18T20:10:00Z")


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_a_wall_clock_override_counts_for_its_local_date_on_days_when_clocks_change(day: date) -> None:
    schedule = WallClockSchedule(at="00:30", zone="Europe/Berlin")
    days = [day + timedelta(days=one) for one in (-1, 0, 1)]
    fired = [datetime(one.year, one.month, one.day, 0, 30, tzinfo=ZoneInfo("Europe/Berlin")) for one in days]
    assert [slot_date(instant.astimezone(UTC), Region.EUROPE, schedule) for instant in fired] == days


def test_the_calendar_offset_is_told_with_the_date() -> None:
    assert calendar_offset(at("2026-07-01T19:00:00Z"), Region.EUROPE) == "+01:00"
    assert calendar_offset(at("2026-07-01T01:00:00Z"), Region.US_EAST) == "-05:00"
    berlin = WallClockSchedule(at="00:30", zone="Europe/Berlin")
    assert calendar_offset(at("2026-07-01T01:00:00Z"), Region.EUROPE, berlin) == "+02:00"
    assert calendar_offset(at("2026-07-01T01:00:00Z"), Region.EUROPE, UtcSchedule(at="01:00")) == "+01:00"


def test_an_empty_policy_keeps_everything() -> None:
    assert expires_at(at("2026-03-04T19:00:00Z"), MONTHLY, Policy(name="empty")) is None
    assert is_kept(at("2999-01-01T00:00:00Z"), None)


def test_flat_on_demand_keeps_on_demand_backups_three_months_whatever_the_day() -> None:
    first_sunday = at("2026-03-01T19:00:00Z")
    for kind in (BackupKind.ON_DEMAND, BackupKind.UPLOADED):
        assert expires_at(first_sunday, MONTHLY, FLAT_ON_DEMAND, kind) == at("2026-06-01T19:00:00Z")
    for kind in (BackupKind.NIGHTLY, BackupKind.SAFETY):
        assert expires_at(first_sunday, MONTHLY, FLAT_ON_DEMAND, kind) == at("2027-03-01T19:00:00Z")


@pytest.mark.parametrize(
    "described",
    [
        {"weekly": {"months": 3}},
        {"daily": {}},
        {"daily": {"days": -1}},
        {"daily": {"days": True}},
        {"daily": {"days": "14"}},
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused(described: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Policy.model_validate({"name": "mistaken"} | described)


def test_a_failed_backup_is_listed_for_two_weeks() -> None:
    assert failed_expires_at(at("2026-03-01T19:00:00Z")) == at("2026-03-15T19:00:00Z")


def test_a_window_adds_its_months_first_and_then_its_days() -> None:
    assert Window(months=1, days=1).end(at("2026-01-30T19:00:00Z")) == at("2026-03-01T19:00:00Z")


@given(INSTANTS, st.sampled_from(["Europe/Berlin", "America/New_York", "Pacific/Apia"]))
def test_whatever_zone_an_acceptance_is_told_in_its_expiry_is_counted_in_utc(created_at: datetime, zone: str) -> None:
    elsewhere = created_at.astimezone(ZoneInfo(zone))
    assert expires_at(elsewhere, MONTHLY) == expires_at(created_at, MONTHLY)
    assert expires_at(elsewhere, WEEKLY) == expires_at(created_at, WEEKLY)
    assert failed_expires_at(elsewhere) == created_at + timedelta(days=14)


@given(INSTANTS)
def test_the_stamped_expiry_and_a_sliding_look_agree(created_at: datetime) -> None:
    matched = tiers(slot_date(created_at, Region.EUROPE))
    expiry = expires_at(created_at, matched)
    assert expiry is not None
    for now in (expiry - timedelta(microseconds=1), expiry, expiry + timedelta(days=1)):
        sliding = any((window := CLASSIC.window(tier)) and now < window.end(created_at) for tier in matched)
        assert sliding == is_kept(now, expiry)


@given(INSTANTS, st.integers(0, 24))
def test_months_are_added_at_the_same_time_of_day_and_clamped(instant: datetime, months: int) -> None:
    later = add_months(instant, months)
    assert later.timetz() == instant.timetz()
    assert (later.year - instant.year) * 12 + later.month - instant.month == months
    assert later.day == instant.day or (later + timedelta(days=1)).day == 1


@settings(max_examples=50)
@given(st.sampled_from(sorted(FIRES_AT)), INSTANTS)
def test_in_the_steady_state_33_to_35_backups_are_kept_at_any_instant(
    row: tuple[Region, CloudVersion], now: datetime
) -> None:
    nights, last = Nights(*row), now.date() + timedelta(days=1)
    slots = [slot for days in range(372) if (slot := nights.on(last - timedelta(days=days))) and slot.due_at <= now]
    kept = sum(is_kept(now, expires_at(slot.due_at, tiers(slot.slot_date))) for slot in slots)
    assert 33 <= kept <= 35


def test_a_policy_of_ones_own_is_the_next_version_and_a_preset_is_what_it_is() -> None:
    own = Policy(name="short", daily=Window(days=3))
    assert meant(own, 4) == own.model_copy(update={"version": 5})
    assert meant("flat-on-demand", 4) is FLAT_ON_DEMAND


@pytest.mark.parametrize(
    ("asked", "field"), [("classical", "policy"), (CLASSIC.model_copy(update={"daily": None}), "policy.name")]
)
def test_a_policy_that_cannot_be_meant_names_what_is_wrong_with_it(asked: str | Policy, field: str) -> None:
    with pytest.raises(UnusablePolicyError) as caught:
        meant(asked, 1)
    assert caught.value.field == field
    assert "preset" in caught.value.reason
