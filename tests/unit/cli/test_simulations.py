"""What a terminal says of a simulation: when a change applies, and where a sweep would stop."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from uuid import UUID

from rich.console import Console

from contracts.events.backups import BackupKind
from contracts.retention import CLASSIC, Policy, Window, expires_at, tiers
from contracts.simulation import Subject, simulate
from contracts.states import BackupState
from services.cli.show.simulations import simulation

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
WEEK = Policy(name="a week", daily=Window(days=7))


def subject(number: int, age_days: int) -> Subject:
    created_at = NOW - timedelta(days=age_days)
    matched = tiers(created_at.date())
    return Subject(
        backup_id=UUID(int=number),
        environment_id=UUID(int=1),
        kind=BackupKind.NIGHTLY,
        state=BackupState.COMPLETED,
        created_at=created_at,
        tiers=matched,
        expires_at=expires_at(created_at, matched, CLASSIC),
    )


def shown(policy: Policy, *ages: int) -> str:
    out = StringIO()
    found = simulate([subject(number, age) for number, age in enumerate(ages, 1)], policy, now=NOW)
    Console(file=out, width=100).print(simulation(found, "orders/production"))
    return " ".join(out.getvalue().split())


def test_what_shortens_says_when_its_cooling_off_is_over() -> None:
    assert "it cools off until 2026-06-04 12:00:00 UTC at the earliest" in shown(WEEK, 9, 0)
    assert "cools off" not in shown(CLASSIC, 9, 0)


def test_more_than_a_sweep_takes_at_once_says_that_somebody_has_to_approve() -> None:
    some, many = shown(WEEK, *[9] * 5, 0), shown(WEEK, *[9] * 6, 0)
    assert "nightkeep sweep approve" not in some
    assert "On 2026-06-04 more go than one sweep takes (more than 5 and more than 10% of an environment's" in many
    assert "stops at its cap" in many
    assert "nightkeep sweep approve" in many


def test_of_many_such_days_the_first_is_named_and_the_others_are_counted() -> None:
    assert "On 2026-06-04 and 1 more day more go than one sweep takes" in shown(WEEK, *[9] * 6, *[3] * 6, 0)


def test_the_digest_is_shown_so_that_a_change_can_be_compared_with_it() -> None:
    digest = simulate([subject(1, 9)], WEEK, now=NOW).digest
    assert f"Digest {digest}" in shown(WEEK, 9)
