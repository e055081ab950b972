"""For which date a backup counts, and which nightly makes up for a Sunday, whatever nights bring (retention §1, §2)."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.commands.backups import RecoverBackup, RequestBackup
from contracts.envelope import Event
from contracts.events.backups import BackupKind, NightlySlot, Tier
from contracts.retention import CLASSIC, Policy, Window, effective
from contracts.values import RunState, UtcSchedule, WallClockSchedule
from services.catalog.domain.decide.backups import recover_backup, request_backup
from services.catalog.domain.decide.occasions import nightly, on_demand
from services.catalog.domain.state.environment import Environment, evolve
from tests.history.checks.folds import gaps
from tests.history.evidence import Json, Record
from tests.support.histories import GOLDEN, History
from tests.support.year.model import ModelPlace, Rhythm, tiers

HISTORY: Final = History()
FILLING: Final = CLASSIC.model_copy(update={"name": "filling", "version": 7, "fill_gaps": True})
EVENING: Final = Rhythm(20, 0, 60, {})
OUTCOMES: Final = st.sampled_from(["completed", "failed", "second try", "skipped", "missed"])


def environment(**changes: object) -> Environment:
    """One that is registered and runs, as far as these rules look."""
    found = evolve(None, HISTORY.body("EnvironmentRegistered"))
    assert found is not None
    running = {"passed": True, "run_state": RunState.RUNNING, "model_version": "7.1.0", "schedule": None}
    return found.model_copy(update=running | changes)


def slot(day: date, try_number: int = 1) -> NightlySlot:
    return NightlySlot(slot_date=day, calendar_offset="+01:00", due_at=EVENING.fires(day), try_number=try_number)


def test_an_on_demand_backup_has_the_date_and_the_offset_of_its_environments_calendar() -> None:
    kathmandu = WallClockSchedule(at="00:45", zone="Asia/Kathmandu")
    late = datetime(2026, 2, 28, 19, tzinfo=UTC)
    told = [on_demand(environment(schedule=one), created_by="Karla", now=late) for one in (None, kathmandu)]
    assert [(one.slot_date, one.calendar_offset) for one in told] == [
        (date(2026, 2, 28), "+01:00"),
        (date(2026, 3, 1), "+05:45"),
    ]
    assert [len(one.tiers) for one in told] == [1, 3]
    own = on_demand(environment(schedule=UtcSchedule(at="23:30")), created_by="Karla", now=late)
    assert (own.slot_date, own.calendar_offset) == (date(2026, 2, 28), "+01:00")


@given(st.dates(date(2026, 1, 1), date(2027, 12, 1)), st.lists(OUTCOMES, max_size=60), st.booleans())
def test_the_first_nightly_behind_a_sunday_without_a_backup_makes_up_for_it_as_the_model_says(
    first: date,
    outcomes: Sequence[str],
    fills: bool,  # noqa: FBT001 -- what hypothesis draws
) -> None:
    place, found = ModelPlace(EVENING, EVENING.fires(first), fills_gaps=fills), environment()
    policy = FILLING if fills else CLASSIC
    for day, outcome in zip((first + timedelta(days=n) for n in range(len(outcomes))), outcomes, strict=True):
        state = "completed" if outcome == "second try" else outcome
        for try_number, good in enumerate({"failed": [False] * 3, "second try": [False, True]}.get(outcome, [True])):
            if state in {"completed", "failed"}:
                occasion = nightly(found, slot(day, try_number + 1), policy)
                assert list(occasion.tiers) == tiers(place.counts_as(day))
                assert occasion.fills_gap == (place.gap if fills else None)
                found = _tried(found, uuid4(), day, completed=good)
        found = _after(found, _ended(day, state))
        place.slot_ended(day, state)
        assert found.gap == place.gap


def test_while_one_nightly_may_make_up_for_a_sunday_no_other_does() -> None:
    behind = _after(environment(), _ended(date(2026, 3, 1), "failed"))
    asked = _after(behind, _requested(uuid4()))
    assert nightly(behind, slot(date(2026, 3, 2)), FILLING).fills_gap == date(2026, 3, 1)
    assert nightly(asked, slot(date(2026, 3, 3)), FILLING).fills_gap is None
    recovered = _after(behind, _requested(uuid4(), recovered_at="2026-03-02T10:00:00Z"))
    by_hand = _after(behind, _requested(uuid4(), kind="on_demand", slot=None))
    for one in (recovered, by_hand):
        assert nightly(one, slot(date(2026, 3, 2)), FILLING).fills_gap == date(2026, 3, 1)


@pytest.mark.parametrize(
    ("sundays", "gap"),
    [
        (("2026-03-01", "2026-03-08"), "2026-03-01"),
        (("2026-03-22", "2026-03-29"), "2026-03-29"),
        (("2026-03-29", "2026-04-05"), "2026-04-05"),
        (("2026-03-01", "2026-04-05"), "2026-04-05"),
    ],
)
def test_of_two_sundays_the_one_in_more_tiers_counts_else_the_newer(sundays: Sequence[str], gap: str) -> None:
    found = environment()
    for day in sundays:
        found = _after(found, _ended(date.fromisoformat(day), "missed"))
    assert found.gap == date.fromisoformat(gap)


def test_a_first_sunday_that_makes_up_for_another_keeps_its_own_tiers() -> None:
    behind = _after(environment(), _ended(date(2026, 3, 29), "failed"))
    occasion = nightly(behind, slot(date(2026, 4, 5)), FILLING)
    assert occasion.fills_gap == date(2026, 3, 29)
    assert occasion.tiers == (Tier.DAILY, Tier.WEEKLY, Tier.MONTHLY)


def test_a_new_sunday_without_a_backup_is_filled_though_an_older_ones_filler_has_not_ended() -> None:
    found = _after(_after(environment(), _ended(date(2026, 3, 22), "failed")), _requested(uuid4()))
    found = _after(found, _ended(date(2026, 3, 29), "failed"))
    assert nightly(found, slot(date(2026, 3, 30)), FILLING).fills_gap == date(2026, 3, 29)


def test_what_is_stamped_is_the_policy_and_the_version_that_is_in_force() -> None:
    now = datetime(2026, 3, 1, 19, tzinfo=UTC)
    own, of_app = FILLING.model_copy(update={"daily": Window(days=3)}), Policy(name="the app's", version=4)
    for policy, told in (
        (effective(own, of_app), own),
        (effective(None, of_app), of_app),
        (effective(None, None), CLASSIC),
    ):
        command = RequestBackup(backup_id=uuid4(), environment_id=HISTORY.environment_id, slot=slot(now.date()))
        requested = request_backup(None, environment(), command, created_by="x", now=now, policy=policy)
        assert (requested.policy, requested.policy_version) == (told.name, told.version)
        assert max((one.ends_at for one in requested.windows), default=None) == requested.expires_at
        assert (requested.expires_at is None) == (told is of_app)


@pytest.mark.parametrize("kind", [BackupKind.ON_DEMAND, BackupKind.NIGHTLY])
def test_the_expiry_that_is_stamped_is_that_of_the_kind(kind: BackupKind) -> None:
    now = datetime(2026, 3, 1, 19, tzinfo=UTC)
    flat = CLASSIC.model_copy(update={"on_demand": Window(days=2)})
    of = slot(now.date()) if kind is BackupKind.NIGHTLY else None
    command = RequestBackup(backup_id=uuid4(), environment_id=HISTORY.environment_id, slot=of)
    requested = request_backup(None, environment(), command, created_by="x", now=now, policy=flat)
    assert requested.tiers == (Tier.DAILY, Tier.WEEKLY, Tier.MONTHLY)
    years = datetime(2027, 3, 1, 19, tzinfo=UTC)
    assert requested.expires_at == (years if of else now + timedelta(days=2))


def test_a_recovered_backup_is_pinned_from_its_expiry_on() -> None:
    golden = json.loads((GOLDEN / "RecoverBackup.v1.json").read_text(encoding="utf-8"))["data"]
    ids = {"environment_id": str(HISTORY.environment_id), "app_id": str(HISTORY.app_id)}
    entry = golden["entry"] | ids | {"expires_at": "2026-03-18T19:00:00Z"}
    told = golden | {"environment_id": ids["environment_id"], "entry": entry, "backup_id": entry["backup_id"]}
    command, over = RecoverBackup.model_validate_json(json.dumps(told)), datetime(2026, 3, 18, 19, tzinfo=UTC)
    at_it = recover_backup(None, environment(), command, now=over)
    before = recover_backup(None, environment(), command, now=over - timedelta(microseconds=1))
    assert [type(one).__name__ for one in at_it] == ["BackupRequested", "BackupPinned"]
    assert [type(one).__name__ for one in before] == ["BackupRequested"]


def _tried(before: Environment, backup_id: UUID, day: date, *, completed: bool) -> Environment:
    asked = _after(before, _requested(backup_id, slot_date=str(day)))
    return _after(asked, HISTORY.body("BackupCompleted" if completed else "BackupFailed", backup_id=backup_id))


def _requested(backup_id: UUID, **changes: object) -> Event:
    night = {"kind": "nightly", "slot": slot(date(2026, 3, 2)).model_dump(mode="json"), "recovered_at": None}
    return HISTORY.body("BackupRequested", **{"backup_id": backup_id} | night | changes)


def _ended(day: date, state: str) -> Event:
    return HISTORY.body("SlotEnded", slot_date=str(day), state=state)


def _after(before: Environment, event: Event) -> Environment:
    """And the history checker's own fold says the same."""
    after = evolve(before, event)
    assert after is not None
    record = Record(
        0, 0, "", {"ce_type": f"nightkeep.event.{type(event).__name__}.v1"}, event.model_dump_json().encode()
    )
    assert _gap(before) | gaps.gap(record, _gap(before)) == _gap(after)
    return after


def _gap(environment: Environment) -> Json:
    """As it is stored."""
    return environment.model_dump(mode="json", include={"gap", "gap_filler"})
