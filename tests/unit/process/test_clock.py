"""The business clock can be moved by a file, while services run."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.platform.process.clock import MovedClock, SystemClock, open_clock
from services.platform.process.settings import ClockSettings


def test_without_a_file_the_clock_is_the_machines() -> None:
    assert isinstance(open_clock(ClockSettings()), SystemClock)


@pytest.mark.parametrize("days", [400, -3])
def test_a_file_moves_the_clock_and_may_change(tmp_path: Path, days: int) -> None:
    moved_by = tmp_path / "moved-by"
    moved_by.write_text("0\n", encoding="ascii")
    clock = open_clock(ClockSettings(moved_by_file=moved_by))
    assert isinstance(clock, MovedClock)
    assert clock.now().tzinfo is UTC
    moved_by.write_text(f"{days * 86_400}", encoding="ascii")
    assert abs(clock.now() - datetime.now(UTC) - timedelta(days=days)) < timedelta(hours=1)
