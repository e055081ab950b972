"""Prints what the benchmarks of a run have recorded, below everything else."""

from collections.abc import Iterator

import pytest

from tests.benchmarks.figures import Row, measured_on, row, table


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
