"""When a backup is asked for, and when again: only after something has changed."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from contracts.errors import RejectionCode
from contracts.events.retention import Blocker, BlockerKind
from contracts.states import BackupState
from services.retention.domain.backup import AGAIN_AFTER, Backup, Waits, command_id, is_due
from tests.support.events import NOON

DAY = timedelta(days=1)
EXPIRY = NOON + 14 * DAY
PIN = Blocker(kind=BlockerKind.PIN, reason="Karla has pinned it")


def queued(**changes: object) -> Backup:
    backup = Backup(uuid4(), uuid4(), "an-app", NOON, EXPIRY)
    return replace(backup, **changes)  # type: ignore[arg-type]  # -- a test's fields


def asked(backup: Backup) -> Backup:
    return backup.ask(uuid4(), EXPIRY + timedelta(minutes=5))


def test_a_completed_backup_is_due_from_its_expiry_on_and_not_a_moment_before() -> None:
    completed = queued().completed()
    assert not is_due(completed, EXPIRY - timedelta(microseconds=1))
    assert is_due(completed, EXPIRY)


def test_a_backup_that_has_not_ended_is_never_due() -> None:
    assert not is_due(queued(), EXPIRY + 1000 * DAY)


def test_a_backup_without_an_expiry_is_kept_for_ever() -> None:
    assert not is_due(queued(expires_at=None).completed(), NOON + 100_000 * DAY)


def test_a_failed_backup_goes_after_two_weeks_whatever_its_tiers() -> None:
    failed = queued(expires_at=NOON + 365 * DAY).failed()
    assert failed.expires_at == NOON + 14 * DAY
    assert is_due(failed, NOON + 14 * DAY)


def test_what_was_asked_for_is_not_asked_for_again() -> None:
    waiting = asked(queued().completed())
    assert waiting.waits_for is Waits.ANSWER
    assert not is_due(waiting, EXPIRY + 1000 * DAY)


def test_what_is_held_is_asked_for_again_only_when_it_is_released_and_under_another_id() -> None:
    completed = queued().completed()
    held = asked(completed).held([PIN])
    assert (held.waits_for, held.reason) == (Waits.RELEASE, "Karla has pinned it")
    assert not is_due(held, EXPIRY + 1000 * DAY)
    released = held.released()
    assert is_due(released, EXPIRY)
    assert released.round == completed.round + 1
    assert _id(released) != _id(completed)


def test_a_changed_expiry_is_judged_anew_whatever_it_waited_for() -> None:
    for before in (asked(queued().completed()), asked(queued().completed()).held([PIN]), queued().completed()):
        later = before.expiry_changed(EXPIRY + DAY)
        assert not is_due(later, EXPIRY)
        assert is_due(later, EXPIRY + DAY)
        assert _id(later) != _id(before)


def test_the_expiry_of_a_running_backup_may_change_too() -> None:
    changed = queued().expiry_changed(EXPIRY + DAY)
    assert not is_due(changed, EXPIRY + DAY)
    assert is_due(changed.completed(), EXPIRY + DAY)


def test_what_the_catalog_does_not_know_any_more_is_not_asked_for_again() -> None:
    refused = asked(queued().completed()).refused(RejectionCode.NOT_FOUND, "there is no such backup", EXPIRY + DAY)
    assert (refused.waits_for, refused.reason) == (Waits.CHANGE, "there is no such backup")
    assert not is_due(refused, EXPIRY + 1000 * DAY)


def test_what_was_not_due_by_the_catalog_s_clock_is_asked_for_again_when_time_has_passed() -> None:
    before = asked(queued().completed())
    refused = before.refused(RejectionCode.INVALID_STATE, "it is kept until then", EXPIRY - 3 * DAY)
    assert not is_due(refused, EXPIRY)
    assert is_due(refused, EXPIRY + AGAIN_AFTER)
    assert _id(refused) != _id(before)
    late = before.refused(RejectionCode.INVALID_STATE, "it is kept until then", EXPIRY + 3 * DAY)
    assert not is_due(late, EXPIRY + 3 * DAY + AGAIN_AFTER - timedelta(microseconds=1))
    assert is_due(late, EXPIRY + 3 * DAY + AGAIN_AFTER)


@pytest.mark.parametrize("state", [BackupState.EXPIRED, BackupState.DELETING])
def test_what_the_catalog_has_let_go_is_worked_on_and_never_asked_for(state: BackupState) -> None:
    gone = asked(queued().completed()).let_go(state, EXPIRY + DAY)
    assert gone.work_from == EXPIRY + DAY
    for later in (gone.released(), gone.held([PIN]), gone.deleted(EXPIRY + 31 * DAY)):
        assert not later.is_there
        assert not is_due(later, EXPIRY + 1000 * DAY)


def test_a_backup_without_an_expiry_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="kept for ever"):
        asked(queued(expires_at=None).completed())


def _id(backup: Backup) -> UUID:
    assert backup.expires_at
    return command_id(backup.backup_id, backup.expires_at, backup.round)
