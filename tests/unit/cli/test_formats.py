"""Sizes, spans and times are read at a glance."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from services.cli.show import formats


@pytest.mark.parametrize(
    ("count", "told"),
    [(None, "-"), (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (213_400_000, "213.4 MB"), (5e18, "5000.0 PB")],
)
def test_a_size_has_the_unit_that_keeps_it_short(count: float | None, told: str) -> None:
    assert formats.size(count) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(None, "-"), (0.04, "0.0 s"), (4.21, "4.2 s"), (185, "3 min 05 s"), (3599.6, "1 h 00 min"), (7620, "2 h 07 min")],
)
def test_a_span_has_the_unit_that_keeps_it_short(seconds: float | None, told: str) -> None:
    assert formats.span(seconds) == told


def test_times_are_told_in_utc() -> None:
    at = datetime(2026, 3, 1, 20, 0, 7, tzinfo=timezone(timedelta(hours=1)))

    assert formats.instant(at) == "2026-03-01 19:00:07"
    assert formats.minute(at) == "2026-03-01 19:00"
    assert formats.day(datetime(2026, 3, 1, tzinfo=UTC)) == "2026-03-01"
