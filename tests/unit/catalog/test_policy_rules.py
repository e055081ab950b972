"""What a policy change does to the backups that there were: as simulated, and cooled off (spec: retention §2)."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import defaults
from contracts.events.backups import BackupKind
from contracts.events.policies import PolicyChanged
from contracts.retention import CLASSIC, FLAT_ON_DEMAND, Policy, Window, add_months, expires_at, tiers
from contracts.simulation import Fate, Subject, applies_at, simulate
from contracts.states import BackupState
from services.catalog.domain.decide.policies import is_due, request_application, restamp
from services.catalog.domain.state.backup import Backup
from services.catalog.domain.state.backup import evolve as evolve_backup
from services.catalog.domain.state.policy_change import Application, PolicyChange, evolve
from tests.support.histories import History

NOW: Final = datetime(2026, 6, 1, 12, tzinfo=UTC)
HISTORY: Final = History()
APP, ENVIRONMENT, CHANGE = HISTORY.app_id, HISTORY.environment_id, UUID(int=1)
WEEK: Final = Policy(name="a week", version=3, daily=Window(days=7))
POLICIES: Final = st.sampled_from([CLASSIC, FLAT_ON_DEMAND, WEEK, Policy(name="for ever")])


def backup(age: timedelta, *, state: BackupState = BackupState.COMPLETED, policy: Policy = CLASSIC) -> Backup:
    """A nightly one that was accepted so long ago."""
    created_at = NOW - age
    matched = tiers(created_at.date())
    told = {"slot_date": created_at.date(), "tiers": list(matched), "kind": "nightly", "created_at": created_at}
    found = evolve_backup(None, HISTORY.body("BackupRequested", **told))
    assert found is not None
    expiry = expires_at(created_at, matched, policy, BackupKind.NIGHTLY)
    return found.model_copy(update={"state": state, "expires_at": expiry})


def change(policy: Policy, *backups: Backup) -> PolicyChange:
    """One that was asked for now and simulated on `backups`."""
    changed = PolicyChanged(policy_change_id=CHANGE, app_id=APP, environment_id=ENVIRONMENT, policy=policy)
    simulation = simulate([Subject.model_validate(dict(one)) for one in backups], policy, now=NOW)
    asked = evolve(evolve(None, changed), request_application(changed, simulation, [ENVIRONMENT]))
    assert asked is not None
    return asked


def test_what_shortens_anything_cools_off_and_what_does_not_does_not() -> None:
    there = backup(timedelta(days=3))
    assert change(WEEK, there).not_before == NOW + timedelta(hours=defaults.COOLING_OFF_HOURS)
    assert change(Policy(name="for ever"), there).not_before == NOW
    assert change(CLASSIC, there).not_before == NOW


@given(st.integers(0, 500), POLICIES, POLICIES)
def test_it_cools_off_as_long_as_the_calendar_of_its_simulation_says(age: int, before: Policy, after: Policy) -> None:
    there = backup(timedelta(days=age), policy=before)
    simulated = simulate([Subject.model_validate(dict(there))], after, now=NOW)
    assert change(after, there).not_before == applies_at(simulated.effect, NOW)


def test_it_is_applied_when_it_is_approved_and_its_cooling_off_is_over_and_not_a_moment_before() -> None:
    waiting = change(WEEK, backup(timedelta(days=3)))
    approved = waiting.model_copy(update={"application": Application.APPROVED})
    assert approved.not_before is not None
    assert is_due(approved, now=approved.not_before)
    assert not is_due(approved, now=approved.not_before - timedelta(microseconds=1))
    assert not is_due(waiting, now=approved.not_before)


def test_backups_that_were_accepted_since_are_left_alone() -> None:
    asked = change(WEEK)
    assert restamp(backup(timedelta(0)), asked, now=NOW) is not None
    assert restamp(backup(timedelta(microseconds=-1)), asked, now=NOW) is None


def test_one_that_was_asked_for_by_a_person_gets_the_window_of_those() -> None:
    by_hand = backup(timedelta(days=2)).model_copy(update={"kind": BackupKind.ON_DEMAND})
    done = restamp(by_hand, change(FLAT_ON_DEMAND), now=NOW)
    assert done is not None
    assert [one.window for one in done.windows] == ["on_demand"]
    assert done.expires_at == add_months(by_hand.created_at, 3)


@pytest.mark.parametrize("state", ["failed", "expired", "deleting", "deleted"])
def test_what_failed_stays_as_it_is_and_what_has_gone_stays_gone(state: str) -> None:
    assert (
        restamp(backup(timedelta(days=1), state=BackupState(state)), change(Policy(name="for ever")), now=NOW) is None
    )


@given(st.integers(0, 500), POLICIES, POLICIES, st.integers(0, 100))
def test_an_application_does_what_the_simulation_said_wherever_time_has_changed_nothing(
    age: int, before: Policy, after: Policy, later: int
) -> None:
    there = backup(timedelta(days=age), policy=before)
    (said,) = simulate([Subject.model_validate(dict(there))], after, now=NOW).backups
    done = restamp(there, change(after, there), now=NOW)
    assert (done is None) == (said.fate is Fate.SAME)
    if done is not None:
        assert done.expires_at == said.after
        assert (done.policy, done.policy_version) == (after.name, after.version)
        stamped = there.model_copy(update={"expires_at": done.expires_at})
        assert restamp(stamped, change(after, there), now=NOW + timedelta(days=later)) is None
