"""A simulation says exactly what a policy would do, guard and pins respected, and changes nothing (retention §2)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from contracts.events.backups import BackupKind
from contracts.events.retention import BlockerKind
from contracts.retention import CLASSIC, FLAT_ON_DEMAND, Policy, Window, expires_at, failed_expires_at, is_kept, tiers
from contracts.simulation import COOLING_OFF, GOVERNED, LISTED, Fate, Simulated, Simulation, Subject, shortens, simulate
from contracts.states import BackupState

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
WEEK = Policy(name="a week", daily=Window(days=7))
WINDOWS = st.builds(Window, days=st.integers(1, 400))
POLICIES = st.one_of(
    st.sampled_from([CLASSIC, FLAT_ON_DEMAND, WEEK, Policy(name="for ever")]),
    st.builds(Policy, name=st.just("any"), daily=WINDOWS, weekly=WINDOWS | st.none(), on_demand=WINDOWS | st.none()),
)


def subject(  # noqa: PLR0913 -- what tells one backup from another
    number: int,
    age_days: int = 0,
    *,
    environment: int = 1,
    state: BackupState = BackupState.COMPLETED,
    kind: BackupKind = BackupKind.NIGHTLY,
    pinned: bool = False,
    policy: Policy = CLASSIC,
) -> Subject:
    created_at = NOW - timedelta(days=age_days)
    matched, failed = tiers(created_at.date()), state is BackupState.FAILED
    return Subject(
        backup_id=UUID(int=number),
        environment_id=UUID(int=environment),
        kind=kind,
        state=state,
        created_at=created_at,
        tiers=matched,
        expires_at=failed_expires_at(created_at) if failed else expires_at(created_at, matched, policy, kind),
        pinned=pinned,
        stored_bytes=100,
    )


SUBJECTS = st.lists(
    st.builds(
        subject,
        st.integers(1, 10**6),
        st.integers(0, 500),
        environment=st.integers(1, 3),
        state=st.sampled_from(BackupState),
        kind=st.sampled_from([BackupKind.NIGHTLY, BackupKind.ON_DEMAND]),
        pinned=st.booleans(),
        policy=POLICIES,
    ),
    max_size=40,
    unique_by=lambda one: one.backup_id,
)


def test_a_shorter_policy_loses_what_is_too_old_but_neither_the_pinned_nor_the_newest() -> None:
    backups = [subject(1, 9), subject(2, 10, pinned=True), subject(3, 8), subject(4, 3, environment=2), subject(5, 9)]
    found = simulate(backups, WEEK, now=NOW)
    fates = {one.backup_id.int: one.fate for one in found.backups}
    assert fates == {2: Fate.SHORTER, 1: Fate.LOST, 5: Fate.LOST, 3: Fate.SHORTER, 4: Fate.SHORTER}
    held = {one.backup_id.int: one.held_by for one in found.backups if one.held_by}
    assert held == {2: (BlockerKind.PIN,), 3: (BlockerKind.LAST_GOOD,), 4: (BlockerKind.LAST_GOOD,)}
    assert (found.effect.lost_count, found.effect.freed_bytes) == (2, 200)
    assert [(str(one.day), len(one.backup_ids), one.bytes) for one in found.calendar] == [("2026-06-04", 2, 200)]


def test_a_backup_that_has_not_completed_is_no_last_good_one() -> None:
    states = [(1, 8, BackupState.COMPLETED), (2, 2, BackupState.RUNNING), (3, 1, BackupState.QUEUED)]
    found = simulate([subject(number, age, state=state) for number, age, state in states], WEEK, now=NOW)
    assert {one.backup_id.int: one.held_by for one in found.backups} == {1: (BlockerKind.LAST_GOOD,), 2: (), 3: ()}


@given(SUBJECTS)
def test_of_each_environment_the_newest_completed_backup_is_held_and_no_other(backups: Sequence[Subject]) -> None:
    found = simulate(backups, WEEK, now=NOW)
    held = {one.backup_id for one in found.backups if BlockerKind.LAST_GOOD in one.held_by}
    good = [one for one in backups if one.state is BackupState.COMPLETED]
    newer = {(one.environment_id, one.created_at, one.backup_id) for one in good}
    assert held == {
        backup_id
        for place, created_at, backup_id in newer
        if not any(other == place and (at, one) > (created_at, backup_id) for other, at, one in newer)
    }


def test_what_failed_or_has_gone_is_no_matter_of_policies() -> None:
    others = [subject(n, 1, state=state) for n, state in enumerate(BackupState) if state not in GOVERNED]
    assert simulate(others, WEEK, now=NOW).backups == ()
    gone = [one for one in others if one.state not in LISTED]
    assert simulate(gone, WEEK, now=NOW).calendar == ()


def test_a_document_of_the_read_model_is_a_subject_as_it_is() -> None:
    document = subject(1).model_dump(mode="json") | {"comment": "something else", "held": []}
    assert Subject.model_validate(document) == subject(1)


@given(SUBJECTS, POLICIES)
def test_a_simulation_says_of_every_governed_backup_what_becomes_of_it(
    backups: Sequence[Subject], policy: Policy
) -> None:
    found = simulate(backups, policy, now=NOW)
    effect = found.effect
    counted = effect.same_count + effect.longer_count + effect.shorter_count + effect.lost_count
    assert counted == len(found.backups) == sum(one.state in GOVERNED for one in backups)
    for one in found.backups:
        lost = is_kept(NOW, one.before) and not is_kept(NOW, one.after) and not one.held_by
        assert (one.fate is Fate.LOST) == lost
    assert shortens(effect) == any(one.fate in (Fate.SHORTER, Fate.LOST) for one in found.backups)


@given(SUBJECTS, POLICIES)
def test_the_calendar_has_just_what_will_go_and_nothing_held(backups: Sequence[Subject], policy: Policy) -> None:
    found = simulate(backups, policy, now=NOW)
    days = {one: leaving.day for leaving in found.calendar for one in leaving.backup_ids}
    follows_at = NOW + COOLING_OFF if shortens(found.effect) else NOW
    wanted = {one.backup_id: going for one in found.backups if (going := goes_at(one, follows_at)) and not one.held_by}
    wanted |= {
        one.backup_id: max(one.expires_at, NOW)
        for one in backups
        if one.state is BackupState.FAILED and one.expires_at is not None and not one.pinned
    }
    assert days == {backup_id: going.date() for backup_id, going in wanted.items()}


def goes_at(one: Simulated, follows_at: datetime) -> datetime | None:
    """By its old expiry while the change cools off, by its new one from then on."""
    cools_off = follows_at > NOW
    if cools_off and one.before is not None and one.before <= follows_at:
        return max(one.before, NOW)
    return one.after and max(one.after, follows_at)


def test_what_is_shortened_goes_when_the_change_has_cooled_off_or_before_that_by_its_old_expiry() -> None:
    backups = [subject(1, 13), subject(2, 9), subject(3, 6), subject(4, 3), subject(5)]
    found = simulate(backups, WEEK, now=NOW)
    assert calendar_of(found) == {"2026-06-02": [1], "2026-06-04": [2, 3], "2026-06-05": [4]}


def test_what_only_lengthens_has_nothing_to_cool_off() -> None:
    backups = [subject(1, 13), subject(2, 9), subject(3)]
    found = simulate(backups, Policy(name="longer", daily=Window(days=15)), now=NOW)
    assert calendar_of(found) == {"2026-06-03": [1], "2026-06-07": [2]}


def test_a_backup_that_is_to_be_kept_longer_still_goes_when_its_time_is_over_before_the_change_applies() -> None:
    by_hand = [subject(number, 12, kind=BackupKind.ON_DEMAND) for number in (1, 2)]
    policy = Policy(name="asked", daily=Window(days=7), on_demand=Window(days=100))
    found = simulate([*by_hand, subject(3, 6), subject(4)], policy, now=NOW)
    assert [one.fate for one in found.backups] == [Fate.LONGER, Fate.LONGER, Fate.SHORTER, Fate.SHORTER]
    assert calendar_of(found) == {"2026-06-03": [1, 2], "2026-06-04": [3]}


def test_failed_backups_go_after_fourteen_days_whatever_the_policy() -> None:
    failed = BackupState.FAILED
    backups = [subject(1, 20, state=failed), subject(2, 4, state=failed), subject(3, 4, state=failed, pinned=True)]
    found = simulate(backups, Policy(name="for ever"), now=NOW)
    assert (found.backups, calendar_of(found)) == ((), {"2026-06-01": [1], "2026-06-11": [2]})


def test_a_day_on_which_more_go_than_a_sweep_takes_names_the_environment() -> None:
    many = [subject(number, 9) for number in range(1, 7)]
    few = [subject(number, 9, environment=2) for number in range(11, 16)]
    share = [subject(number, 9, environment=3) for number in range(21, 27)]
    kept = [subject(number, 3, environment=3, pinned=True) for number in range(31, 85)]
    newest = [subject(90 + place, environment=place) for place in (1, 2, 3)]
    (day, *_) = simulate([*many, *few, *share, *kept, *newest], WEEK, now=NOW).calendar
    assert (len(day.backup_ids), day.over_cap) == (17, (UUID(int=1),))


def calendar_of(found: Simulation) -> dict[str, list[int]]:
    return {str(one.day): [backup.int for backup in one.backup_ids] for one in found.calendar}


@given(SUBJECTS, POLICIES)
def test_the_digest_names_what_moves_whatever_order_it_came_in(backups: list[Subject], policy: Policy) -> None:
    found = simulate(backups, policy, now=NOW)
    assert simulate(list(reversed(backups)), policy, now=NOW).digest == found.digest
    moving = [one for one in found.backups if one.fate is not Fate.SAME]
    if moving:
        without = [one for one in backups if one.backup_id != moving[0].backup_id]
        assert simulate(without, policy, now=NOW).digest != found.digest


@given(SUBJECTS)
def test_an_empty_policy_loses_nothing(backups: Sequence[Subject]) -> None:
    governed = [one for one in backups if one.state in GOVERNED]
    found = simulate(governed, Policy(name="for ever"), now=NOW)
    assert (found.effect.lost_count, found.effect.shorter_count, found.calendar) == (0, 0, ())


def test_the_digest_names_neither_the_version_of_a_policy_nor_what_failed_meanwhile() -> None:
    backups = [subject(1, 9), subject(2, 3)]
    found = simulate(backups, WEEK, now=NOW)
    later = [*backups, subject(3, 1, state=BackupState.FAILED)]
    again = simulate(later, WEEK.model_copy(update={"version": 2}), now=NOW + timedelta(days=1))
    assert again.digest == found.digest
    assert simulate(backups, WEEK.model_copy(update={"name": "another"}), now=NOW).digest != found.digest
