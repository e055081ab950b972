"""Every document is read again now and then, and not everybody's in one night."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.defaults import LIST_ALL_EVERY_DAYS, READ_ALL_EVERY_DAYS
from contracts.events.backups import BackupKind
from services.snapshot.domain.rereading import SPREAD, is_due, is_over

THEN = datetime(2026, 3, 8, 19, 0, tzinfo=UTC)


def due(environment_id: UUID, days: float, every_days: float = READ_ALL_EVERY_DAYS) -> bool:
    return is_due(BackupKind.NIGHTLY, environment_id, THEN, THEN + timedelta(days=days), every_days)


@given(environment_id=st.uuids(), every_days=st.floats(min_value=1, max_value=400))
def test_it_is_due_in_the_last_quarter_of_the_time_or_at_its_end(environment_id: UUID, every_days: float) -> None:
    assert due(environment_id, every_days, every_days)
    assert not due(environment_id, every_days * (1 - 1 / SPREAD) - 1e-3, every_days)


def test_environments_of_one_night_fall_due_in_many() -> None:
    environments = [UUID(int=number) for number in range(256)]
    by_night = [sum(due(one, night) for one in environments) for night in range(READ_ALL_EVERY_DAYS + 1)]
    added = [later - earlier for earlier, later in pairwise(by_night)]
    assert by_night[-1] == len(environments)
    assert max(added) < len(environments) / 5


@pytest.mark.parametrize("kind", [kind for kind in BackupKind if kind is not BackupKind.NIGHTLY])
def test_whoever_asks_for_a_backup_does_not_wait_for_it(kind: BackupKind) -> None:
    assert not is_due(kind, UUID(int=0), THEN, THEN + timedelta(days=1000), READ_ALL_EVERY_DAYS)


def test_zero_days_is_never() -> None:
    assert not due(UUID(int=0), 1000, 0)


@given(environment_id=st.uuids())
def test_listings_fall_due_likewise_and_zero_days_is_each_time(environment_id: UUID) -> None:
    a_week_later = THEN + timedelta(days=LIST_ALL_EVERY_DAYS)
    assert is_over(environment_id, THEN, a_week_later, LIST_ALL_EVERY_DAYS)
    assert not is_over(environment_id, THEN, THEN + timedelta(days=LIST_ALL_EVERY_DAYS * 0.7), LIST_ALL_EVERY_DAYS)
    assert is_over(environment_id, THEN, THEN, 0)
