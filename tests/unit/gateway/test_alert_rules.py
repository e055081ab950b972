"""Which facts become alerts, with which words, and that the same fact is always the same alert."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import FailureCode
from contracts.events.alerts import AlertKind
from contracts.events.retention import (
    Blocker,
    BlockerKind,
    ExpiryHeld,
    FoundDamage,
    RepositoryChecked,
    SweepResumed,
    SweepStopped,
)
from contracts.events.shredding import ShreddingFailed
from contracts.events.slots import ScheduleResumed, ScheduleStopped, SlotEnded, SlotTry
from contracts.states import SlotState
from services.gateway.domain.alerts import (
    Where,
    of_check,
    of_failed_shredding,
    of_hold,
    of_resumed_schedule,
    of_resumed_sweep,
    of_schedule,
    of_slot,
    of_sweep,
)

ENVIRONMENT = UUID("7f9c24e8-3b12-4b5e-9a61-2f1f3f0b6c11")
SHOP, GONE = Where("shop/production"), Where("shop/production", removed=True)
EVENING = datetime(2026, 3, 8, 19, tzinfo=UTC)
ENDINGS = [SlotState.COMPLETED, SlotState.FAILED, SlotState.SKIPPED, SlotState.MISSED]


def _ended(slot_date: date, state: SlotState, **changes: Any) -> SlotEnded:  # noqa: ANN401 -- fields of an event
    fired = SlotTry(number=1, backup_id=UUID(int=1), asked_at=EVENING, reason="refused: the disk was full")
    known = {
        "environment_id": ENVIRONMENT,
        "slot_date": slot_date,
        "due_at": EVENING,
        "ended_at": EVENING,
        "state": state,
        "reason": "the disk was full",
        "late": False,
        "backup_id": None,
        "tries": (fired,),
    }
    return SlotEnded(**known | changes)


@given(st.dates(date(2025, 1, 1), date(2030, 1, 1)), st.sampled_from(ENDINGS))
def test_a_gap_is_told_for_sundays_without_a_backup_and_for_no_other_day(slot_date: date, state: SlotState) -> None:
    kinds = [alert.kind for alert in of_slot(_ended(slot_date, state), SHOP)]

    is_sunday = slot_date.isoweekday() == 7
    assert (AlertKind.GAP_IN_TIER in kinds) == (is_sunday and state is not SlotState.COMPLETED)
    assert (AlertKind.SLOT_MISSED in kinds) == (state is SlotState.MISSED)
    assert (AlertKind.NIGHTLY_FAILED in kinds) == (state is SlotState.FAILED)


@pytest.mark.parametrize(
    ("slot_date", "words"),
    [(date(2026, 3, 8), "a gap in the weekly tier"), (date(2026, 3, 1), "a gap in the weekly and the monthly tier")],
)
def test_a_gap_names_the_tiers_that_miss_a_backup(slot_date: date, words: str) -> None:
    (alert,) = of_slot(_ended(slot_date, SlotState.SKIPPED), SHOP)

    assert alert.message == f"shop/production: {words}: Sunday {slot_date} has no backup: the disk was full"


def test_of_a_removed_environment_no_nightly_backup_is_expected() -> None:
    for state in ENDINGS:
        assert not list(of_slot(_ended(date(2026, 3, 1), state), GONE))
    assert not list(of_slot(_ended(date(2026, 3, 1), SlotState.SKIPPED, tries=()), SHOP))


def test_a_failed_nightly_says_how_often_it_was_tried() -> None:
    tries = tuple(SlotTry(number=n, backup_id=uuid4(), asked_at=EVENING, reason="full") for n in (1, 2, 3))

    (alert,) = of_slot(_ended(date(2026, 3, 9), SlotState.FAILED, tries=tries), SHOP)

    assert "failed, tried 3 times: the disk was full" in alert.message


@given(st.dates(date(2025, 1, 1), date(2030, 1, 1)), st.sampled_from(ENDINGS))
def test_the_same_ending_is_the_same_alert_and_another_day_another(slot_date: date, state: SlotState) -> None:
    first = {alert.alert_id for alert in of_slot(_ended(slot_date, state), SHOP)}
    renamed = {alert.alert_id for alert in of_slot(_ended(slot_date, state, reason="?"), Where("store/production"))}
    other = {alert.alert_id for alert in of_slot(_ended(slot_date + timedelta(days=1), state), SHOP)}

    assert first == renamed
    assert not first & other


@pytest.mark.parametrize("kind", list(BlockerKind))
def test_of_what_holds_a_backup_only_the_guard_is_an_alert(kind: BlockerKind) -> None:
    held = ExpiryHeld(
        backup_id=uuid4(),
        environment_id=ENVIRONMENT,
        held_at=EVENING,
        expires_at=EVENING,
        sweep_id=uuid4(),
        blockers=(Blocker(kind=kind, reason="so it is"),),
    )

    found = list(of_hold(held, SHOP))

    assert [alert.kind for alert in found] == ([AlertKind.GUARD_ACTIVE] if kind is BlockerKind.LAST_GOOD else [])


def test_the_guard_of_a_removed_environment_is_told_as_what_it_is() -> None:
    guard = Blocker(kind=BlockerKind.LAST_GOOD, reason="the newest good one")
    held = ExpiryHeld(
        backup_id=uuid4(),
        environment_id=ENVIRONMENT,
        expires_at=EVENING,
        sweep_id=uuid4(),
        held_at=EVENING,
        blockers=(guard,),
    )
    (alert,) = of_hold(held, GONE)
    assert "the environment was removed" in alert.message
    assert "See why" not in alert.message
    assert alert.message.endswith(f"nightkeep backup delete {held.backup_id} --confirm-last")


def test_the_guard_on_a_backup_is_one_alert_however_often_it_is_told() -> None:
    backup_id = uuid4()
    ids = {
        alert.alert_id
        for days in range(3)
        for alert in of_hold(
            ExpiryHeld(
                backup_id=backup_id,
                environment_id=ENVIRONMENT,
                held_at=EVENING + timedelta(days=days),
                expires_at=EVENING,
                sweep_id=uuid4(),
                blockers=(Blocker(kind=BlockerKind.LAST_GOOD, reason="so it is"),),
            ),
            SHOP,
        )
    }

    assert len(ids) == 1


def test_the_guard_on_a_backup_that_got_another_expiry_is_another_alert() -> None:
    told = {"backup_id": uuid4(), "environment_id": ENVIRONMENT, "held_at": EVENING, "sweep_id": uuid4()}
    guard = (Blocker(kind=BlockerKind.LAST_GOOD, reason="so it is"),)
    ends = (EVENING, EVENING + timedelta(days=300))
    alerts = [one for at in ends for one in of_hold(ExpiryHeld(**told, expires_at=at, blockers=guard), SHOP)]
    assert len({one.alert_id for one in alerts}) == len(ends)


def test_a_stopped_sweep_says_how_much_it_would_take_and_how_to_go_on() -> None:
    sweep_id = uuid4()
    stopped = SweepStopped(
        sweep_id=sweep_id,
        environment_id=ENVIRONMENT,
        stopped_at=EVENING,
        due_count=12,
        backup_count=34,
        cap_count=5,
        cap_share=0.1,
        examples=(),
    )

    (alert,) = of_sweep(stopped, SHOP)

    assert "12 of 34 backups" in alert.message
    assert "more than 5 and more than 10%" in alert.message
    assert alert.message.endswith(f"nightkeep sweep approve shop/production {sweep_id}")


def test_a_stopped_sweep_names_apart_what_is_over_and_stays() -> None:
    stopped = SweepStopped(
        sweep_id=UUID(int=1),
        environment_id=ENVIRONMENT,
        stopped_at=EVENING,
        due_count=12,
        backup_count=34,
        cap_count=5,
        cap_share=0.1,
        examples=(),
        held_count=3,
    )
    (alert,) = of_sweep(stopped, SHOP)
    assert "and has stopped; 3 more are over and stay, pinned or as the last good one. If" in alert.message


def test_a_sweep_that_goes_on_by_itself_says_so() -> None:
    resumed = SweepResumed(sweep_id=UUID(int=1), environment_id=ENVIRONMENT, resumed_at=EVENING)
    (alert,) = of_resumed_sweep(resumed, SHOP)
    assert alert.kind is AlertKind.SWEEP_RESUMED
    assert "fallen below its cap" in alert.message


def test_a_schedule_that_stopped_says_how_many_nights_are_overdue_and_how_it_goes_on() -> None:
    stopped = ScheduleStopped(
        stop_id=UUID(int=1),
        environment_id=ENVIRONMENT,
        stopped_at=EVENING,
        waiting_since=EVENING.replace(year=2025),
        overdue_count=366,
        cap_count=14,
    )
    (alert,) = of_schedule(stopped, SHOP)
    assert alert.kind is AlertKind.SCHEDULE_STOPPED
    assert "366 nightly backups are overdue, the oldest since 2025-03-08 19:00 UTC, more than 14" in alert.message
    assert alert.message.endswith("nightkeep slot approve shop/production")
    resumed = ScheduleResumed(stop_id=UUID(int=1), environment_id=ENVIRONMENT, resumed_at=EVENING)
    assert [one.kind for one in of_resumed_schedule(resumed, SHOP)] == [AlertKind.SCHEDULE_RESUMED]


def test_a_shredding_that_failed_says_why_and_how_it_is_asked_for_again() -> None:
    failed = ShreddingFailed(
        shred_id=UUID(int=1),
        environment_id=ENVIRONMENT,
        failed_at=EVENING,
        code=FailureCode.STORE_UNAVAILABLE,
        reason="the object store did not answer",
        retryable=True,
    )
    (alert,) = of_failed_shredding(failed, SHOP)
    assert alert.kind is AlertKind.SHREDDING_FAILED
    assert "the object store did not answer" in alert.message
    assert alert.message.endswith("nightkeep env shred shop/production")


def test_damage_is_told_with_the_command_that_reads_the_same_bytes_again() -> None:
    checked = RepositoryChecked(
        check_id=UUID(int=1),
        environment_id=ENVIRONMENT,
        checked_at=EVENING,
        read_percent=25,
        seed=50,
        backups=3,
        packs=4,
        bytes_read=5,
        damage_count=1,
        damages=(FoundDamage(backup_id=UUID(int=2), place="document 7", reason="stored bytes are damaged"),),
        space=None,
    )
    (alert,) = of_check(checked, SHOP)
    assert alert.kind is AlertKind.BACKUP_DAMAGED
    assert f"nightkeep repository check --environment {ENVIRONMENT} --read-data 25 --seed 50" in alert.message
