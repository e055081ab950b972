"""Prints what the benchmarks of a run have recorded, below everything else; and has a catalog for those about it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from services.platform.process.settings import KafkaSettings
from tests.benchmarks.figures import Row, measured_on, row, table
from tests.support import eventually, starting
from tests.support.databases import FreshDatabase
from tests.support.running_services import Platform, open_catalog


@pytest.fixture(scope="package", autouse=True)
def as_in_production() -> Iterator[None]:
    """What is measured runs as programs of its own, and is looked at all the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(starting, "start", starting.execute)
        patch.setattr(eventually, "LONGEST_PAUSE_SECONDS", eventually.FIRST_PAUSE_SECONDS)
        yield


@pytest.fixture
async def catalog(
    kafka_settings: KafkaSettings, fresh_database: FreshDatabase, tmp_path: Path
) -> AsyncIterator[Platform]:
    async with open_catalog(kafka_settings, fresh_database, tmp_path) as platform:
        yield platform


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Called by pytest when all have run."""
    rows = [found for outcome in ("passed", "failed") for found in _rows(terminalreporter.stats.get(outcome, []))]
    if rows:
        terminalreporter.section("what was measured")
        for line in (*table(rows), *measured_on()):
            terminalreporter.write_line(line)


def _rows(reports: list[pytest.TestReport]) -> Iterator[Row]:
    for report in reports:
        if report.when == "call":
            yield from (row(name, value) for name, value in report.user_properties)
