"""The rules of the scheduler: what is planned, missed and fired, and how a slot goes on after each outcome."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.errors import FailureCode, RejectionCode
from contracts.events.backups import BackupFailed
from contracts.events.slots import ScheduleStopped, SlotEnded, SlotPlanned
from contracts.slot_times import Nights, SlotTime
from contracts.states import SlotState
from contracts.values import CloudVersion, Region, UtcSchedule, WallClockSchedule
from services.snapshot.domain.open_slot import OpenSlot, accepted, completed, failed, refused
from services.snapshot.domain.pacing import Pace
from services.snapshot.domain.planning import MOST_AT_ONCE, Look, last_look, look, look_or_stop
from services.snapshot.domain.stopping import Stop, is_too_late, resumed, stopped

ENVIRONMENT = UUID(int=7)
EUROPE = Nights(Region.EUROPE, CloudVersion.V4)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def planned_at(day: str, nights: Nights = EUROPE) -> SlotTime:
    slot = nights.on(date.fromisoformat(day))
    assert slot is not None
    return slot


def looked(planned: SlotTime | None, now: str, *, nights: Nights = EUROPE, since: str = "2026-03-01T12:00Z") -> Look:
    return look(ENVIRONMENT, nights, planned, since=at(since), now=at(now))


def told(one: Look) -> list[tuple[str, str]]:
    return [
        (day.isoformat(), body.state.value if isinstance(body, SlotEnded) else "planned")
        for day, bodies in one.said.items()
        for body in bodies
    ]


def open_slot() -> OpenSlot:
    fired = OpenSlot.fired(ENVIRONMENT, planned_at("2026-03-01"), planned_at("2026-03-02"))
    return replace(fired, asked_at=fired.due_at)


def failure(slot: OpenSlot, finished_at: str, code: FailureCode = FailureCode.DUMP_FAILED) -> BackupFailed:
    return BackupFailed(
        backup_id=slot.backup_id,
        environment_id=ENVIRONMENT,
        finished_at=at(finished_at),
        code=code,
        reason="the dump failed",
        retryable=True,
    )


def again(slot: OpenSlot, finished_at: str) -> OpenSlot:
    after = failed(accepted(slot, slot.due_at), failure(slot, finished_at))
    assert isinstance(after, OpenSlot)
    return replace(after, asked_at=after.ask_at)


def test_a_new_environment_expects_the_first_slot_behind_its_registration() -> None:
    one = looked(None, "2026-03-01T12:00Z")
    assert told(one) == [("2026-03-01", "planned")]
    assert (one.fires, one.planned) == (None, planned_at("2026-03-01"))
    late_in_the_day = looked(None, "2026-03-01T19:00Z", since="2026-03-01T19:00Z")
    assert late_in_the_day.planned == planned_at("2026-03-02")


def test_a_due_slot_fires_and_the_next_one_is_planned() -> None:
    one = looked(planned_at("2026-03-01"), "2026-03-01T19:00Z")
    assert one.fires is not None
    assert (one.fires.slot_date, one.fires.due_at) == (date(2026, 3, 1), at("2026-03-01T19:00Z"))
    assert (one.fires.ask_at, one.fires.not_after) == (at("2026-03-01T19:00Z"), at("2026-03-02T19:00Z"))
    assert told(one) == [("2026-03-02", "planned")]


def test_nothing_happens_before_its_time_or_when_the_clock_goes_back() -> None:
    for now in ("2026-03-01T18:59:59.999Z", "2025-11-01T00:00Z"):
        assert looked(planned_at("2026-03-01"), now) == Look({}, None, planned_at("2026-03-01"))


def test_of_several_overdue_slots_the_newest_runs_and_the_older_ones_are_missed() -> None:
    one = looked(planned_at("2026-03-01"), "2026-03-04T08:00Z")
    assert one.fires is not None
    assert one.fires.slot_date == date(2026, 3, 3)
    assert told(one) == [
        ("2026-03-01", "missed"),
        ("2026-03-02", "planned"),
        ("2026-03-02", "missed"),
        ("2026-03-03", "planned"),
        ("2026-03-04", "planned"),
    ]


def test_a_long_absence_is_dealt_with_in_several_looks() -> None:
    now = "2027-01-01T00:00Z"
    first = looked(planned_at("2026-03-01"), now)
    assert first.fires is None
    assert first.planned is not None
    assert [what for _, what in told(first)].count("missed") == MOST_AT_ONCE
    looks = [first]
    while looks[-1].fires is None:
        looks.append(looked(looks[-1].planned, now))
    missed = [day for one in looks for day, what in told(one) if what == "missed"]
    assert (missed[0], missed[-1], len(missed)) == ("2026-03-01", "2026-12-30", len(set(missed)))
    fired = looks[-1].fires
    assert fired is not None
    assert fired.slot_date == date(2026, 12, 31)


def test_another_schedule_moves_the_slot_that_waits_and_keeps_its_date() -> None:
    later = Nights(Region.EUROPE, CloudVersion.V4, UtcSchedule(at="21:30"))
    one = looked(planned_at("2026-03-01"), "2026-03-01T12:00Z", nights=later)
    (said,) = one.said[date(2026, 3, 1)]
    assert isinstance(said, SlotPlanned)
    assert said.due_at == at("2026-03-01T21:30Z")
    assert one.planned == planned_at("2026-03-01", later)


def test_a_new_time_that_has_passed_today_begins_with_the_next_slot() -> None:
    earlier = Nights(Region.EUROPE, CloudVersion.V4, UtcSchedule(at="03:00"))
    at_noon = looked(planned_at("2026-03-01"), "2026-03-01T12:00Z", nights=earlier)
    assert at_noon == Look({}, None, planned_at("2026-03-01"))
    tonight = looked(planned_at("2026-03-01"), "2026-03-01T19:00Z", nights=earlier)
    assert tonight.fires is not None
    assert tonight.planned == planned_at("2026-03-02", earlier)


@pytest.mark.parametrize(("time", "zone"), [("00:30", "Asia/Kolkata"), ("02:00", "Asia/Tokyo")])
def test_a_date_whose_night_is_over_in_the_new_zone_runs_at_once(time: str, zone: str) -> None:
    there = Nights(Region.EUROPE, CloudVersion.V4, WallClockSchedule(at=time, zone=zone))
    one = looked(planned_at("2026-03-08"), "2026-03-08T08:00Z", nights=there)
    assert one.fires is not None
    assert (one.fires.slot_date, one.fires.due_at) == (date(2026, 3, 8), at("2026-03-08T08:00Z"))
    assert one.planned == planned_at("2026-03-09", there)
    assert told(one) == [("2026-03-08", "planned"), ("2026-03-09", "planned")]


def test_a_wall_clock_override_has_the_offset_of_its_day() -> None:
    berlin = Nights(Region.US_EAST, CloudVersion.V4, WallClockSchedule(at="20:00", zone="Europe/Berlin"))
    one = looked(None, "2026-07-01T12:00Z", nights=berlin, since="2026-07-01T12:00Z")
    assert one.planned == SlotTime(date(2026, 7, 1), at("2026-07-01T18:00Z"), "+02:00")


def test_an_environment_that_is_gone_skips_what_was_planned() -> None:
    one = last_look(ENVIRONMENT, planned_at("2026-03-01"), now=at("2026-03-01T12:00Z"))
    assert (told(one), one.planned, one.fires) == ([("2026-03-01", "skipped")], None, None)
    assert last_look(ENVIRONMENT, None, now=at("2026-03-01T12:00Z")) == Look()


def test_each_try_has_its_own_ids_that_everybody_derives_alike() -> None:
    first = open_slot()
    second = again(first, "2026-03-01T19:10Z")
    assert first.command_id == open_slot().command_id
    assert len({first.command_id, first.backup_id, second.command_id, second.backup_id}) == 4
    command = second.command()
    assert command.slot is not None
    assert (command.backup_id, command.slot.try_number) == (second.backup_id, 2)
    assert command.comment == "Nightly backup"


@pytest.mark.parametrize(
    ("created_at", "late"), [("2026-03-01T19:00Z", False), ("2026-03-01T19:15Z", False), ("2026-03-01T19:15:01Z", True)]
)
def test_a_slot_is_late_when_it_was_accepted_more_than_a_quarter_of_an_hour_after_its_time(
    created_at: str,
    late: bool,  # noqa: FBT001 -- the expectation
) -> None:
    slot = accepted(open_slot(), at(created_at))
    assert completed(slot, at("2026-03-01T20:00Z")).late is late


def test_a_later_try_does_not_make_a_slot_late() -> None:
    second = accepted(again(open_slot(), "2026-03-01T19:40Z"), at("2026-03-01T19:45Z"))
    ended = completed(second, at("2026-03-01T20:00Z"))
    assert (ended.late, ended.backup_id, [one.number for one in ended.tries]) == (False, second.backup_id, [1, 2])
    assert [one.reason for one in ended.tries] == ["the dump failed", None]


def test_a_failed_slot_is_tried_two_more_times_after_five_and_fifteen_minutes() -> None:
    second = again(open_slot(), "2026-03-01T19:10Z")
    third = again(second, "2026-03-01T19:20Z")
    assert (second.ask_at, third.ask_at) == (at("2026-03-01T19:15Z"), at("2026-03-01T19:35Z"))
    ended = failed(third, failure(third, "2026-03-01T19:40Z"))
    assert isinstance(ended, SlotEnded)
    assert (ended.state, ended.backup_id, len(ended.tries)) == (SlotState.FAILED, None, 3)
    assert "all 3 tries failed" in ended.reason


def test_no_try_begins_when_the_next_slot_is_due() -> None:
    slot = accepted(open_slot(), at("2026-03-01T19:00Z"))
    ended = failed(slot, failure(slot, "2026-03-02T18:55Z"))
    assert isinstance(ended, SlotEnded)
    assert (ended.state, len(ended.tries)) == (SlotState.FAILED, 1)


def test_a_cancelled_backup_is_not_tried_again() -> None:
    slot = accepted(open_slot(), at("2026-03-01T19:00Z"))
    ended = failed(slot, failure(slot, "2026-03-01T19:05Z", FailureCode.CANCELLED))
    assert isinstance(ended, SlotEnded)
    assert ended.state is SlotState.FAILED


def test_a_refusal_skips_the_slot_and_says_why() -> None:
    ended = refused(open_slot(), RejectionCode.INVALID_STATE, "production is stopped", at("2026-03-01T19:00:01Z"))
    assert (ended.state, ended.reason, ended.late) == (SlotState.SKIPPED, "production is stopped", False)


def test_a_refusal_behind_a_failed_try_leaves_the_slot_failed() -> None:
    second = again(open_slot(), "2026-03-01T19:10Z")
    ended = refused(second, RejectionCode.INVALID_STATE, "production is stopped", at("2026-03-01T19:15Z"))
    assert ended.state is SlotState.FAILED
    assert ended.reason == "try 1 failed: the dump failed; try 2 was refused: production is stopped"


def test_what_nobody_decided_before_the_next_slot_is_missed() -> None:
    ended = refused(open_slot(), RejectionCode.OVERDUE, "too late", at("2026-03-02T20:00Z"))
    assert ended.state is SlotState.MISSED


INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- hypothesis adds the zone
SCHEDULES = st.sampled_from(
    (
        None,
        UtcSchedule(at="03:00"),
        UtcSchedule(at="23:45"),
        WallClockSchedule(at="02:30", zone="Europe/Berlin"),
        WallClockSchedule(at="00:30", zone="America/Sao_Paulo"),
        WallClockSchedule(at="23:30", zone="America/Nuuk"),
        WallClockSchedule(at="12:00", zone="Pacific/Kiritimati"),
    )
)
"""What an environment may be changed to at any moment."""


@given(st.lists(st.tuples(INSTANTS, SCHEDULES), min_size=2, max_size=12))
@settings(deadline=None, max_examples=50)
def test_whatever_the_clock_and_the_schedule_do_each_date_is_expected_once_and_ends_once(
    looks: list[tuple[datetime, object]],
) -> None:
    waiting: SlotTime | None = None
    since = looks[0][0]
    planned: list[date] = []
    over: list[date] = []
    for now, schedule in looks:
        nights = Nights(Region.EUROPE, CloudVersion.V4, schedule)  # type: ignore[arg-type]  # -- one of SCHEDULES
        one = look(ENVIRONMENT, nights, waiting, since=since, now=now)
        moved = waiting.slot_date if waiting else None
        planned += [day for day, bodies in one.said.items() if isinstance(bodies[0], SlotPlanned) and day != moved]
        over += [day for day, bodies in one.said.items() if isinstance(bodies[-1], SlotEnded)]
        over += [one.fires.slot_date] if one.fires else []
        waiting = one.planned
    assert waiting is not None
    assert planned == [planned[0] + timedelta(days=n) for n in range(len(planned))]
    assert over == planned[:-1]
    assert waiting.slot_date == planned[-1]


WAITING = planned_at("2026-03-01")


@pytest.mark.parametrize(
    ("approved_until", "now", "too_late"),
    [
        (None, "2026-03-15T19:00:00Z", False),
        (None, "2026-03-15T19:00:00.000001Z", True),
        ("2026-03-20T12:00:00Z", "2026-04-03T12:00:00Z", False),
        ("2026-03-20T12:00:00Z", "2026-04-03T12:00:00.000001Z", True),
        ("2026-02-20T12:00:00Z", "2026-03-15T19:00:00Z", False),
    ],
)
def test_a_schedule_stops_where_more_than_two_weeks_are_overdue_that_nobody_approved(
    approved_until: str | None,
    now: str,
    too_late: bool,  # noqa: FBT001 -- the expectation
) -> None:
    stop = Stop(approved_until=at(approved_until) if approved_until else None)
    assert is_too_late(WAITING, stop, at(now)) is too_late


@pytest.mark.parametrize(("now", "count"), [("2026-03-16T18:59:59Z", 15), ("2026-03-16T19:00:00Z", 16)])
def test_a_stop_says_how_many_nights_are_overdue(now: str, count: int) -> None:
    assert stopped(ENVIRONMENT, WAITING, now=at(now)).overdue_count == count


def test_only_a_stop_that_nobody_approved_is_said_to_be_over_by_itself() -> None:
    since, now = at("2026-03-20T12:00Z"), at("2026-03-21T12:00Z")
    stands = Stop(UUID(int=1), since)
    said = resumed(ENVIRONMENT, stands, now=now)
    assert said is not None
    assert (said.stop_id, said.resumed_at) == (UUID(int=1), now)
    assert resumed(ENVIRONMENT, replace(stands, approved_until=at("2026-03-01T12:00Z")), now=now) == said
    assert resumed(ENVIRONMENT, replace(stands, approved_until=since), now=now) is None
    assert resumed(ENVIRONMENT, Stop(), now=now) is None


def test_a_stopped_schedule_says_so_once_and_leaves_its_slot_waiting() -> None:
    now = at("2026-04-01T12:00Z")
    first, again = (
        look_or_stop(ENVIRONMENT, EUROPE, WAITING, stop, since=WAITING.due_at, now=now, clocks_agree=False)
        for stop in (Stop(), Stop(UUID(int=1), now))
    )
    assert (first.planned, first.fires, first.said, first.is_stopped) == (WAITING, None, {}, True)
    assert isinstance(first.schedule, ScheduleStopped)
    assert (again.schedule, again.is_stopped) == (None, True)


def test_where_two_clocks_agree_the_newest_runs_however_long_nobody_looked() -> None:
    now = at("2026-05-20T12:00Z")
    found = look_or_stop(ENVIRONMENT, EUROPE, WAITING, Stop(), since=WAITING.due_at, now=now, clocks_agree=True)
    assert (found.is_stopped, found.schedule) == (False, None)
    assert found.fires is not None
    assert found.fires.slot_date == date(2026, 5, 19)


def test_a_try_says_when_it_was_asked_for_and_else_when_it_might_have_been() -> None:
    late = replace(open_slot(), asked_at=at("2026-03-01T23:00Z"))
    assert completed(late, at("2026-03-01T23:05Z")).tries[0].asked_at == at("2026-03-01T23:00Z")
    never = replace(open_slot(), asked_at=None)
    assert completed(never, at("2026-03-01T23:05Z")).tries[0].asked_at == WAITING.due_at


def test_nightly_commands_are_asked_for_faster_while_the_catalog_decides_soon() -> None:
    pace = Pace(most=30)
    assert pace.room(0) == 20
    for _ in range(15):
        pace.decided(0.01)
    assert (pace.window, pace.room(28), pace.room(31)) == (30, 2, 0)


@given(st.lists(st.floats(-3600, 100), max_size=300))
def test_nightly_commands_that_are_decided_late_halve_how_many_may_wait_once_for_all_that_were_sent(
    lags: list[float],
) -> None:
    pace, silent = Pace(most=100), 0
    for lag in lags:
        before = pace.window
        pace.decided(lag)
        assert 20 <= pace.window <= 100
        if silent:
            silent -= 1
            assert pace.window == before
        elif lag > 0.25:
            assert pace.window == max(before // 2, 20)
            silent = before
        else:
            assert pace.window == min(before + 1, 100)
