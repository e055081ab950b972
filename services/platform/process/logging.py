"""Structured logs, and one canonical line per unit of work."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from services.platform.process.settings import LogSettings


def configure_logging(settings: LogSettings, service: str) -> None:
    """Send every log line of the process to stderr in the chosen format; call once, first of all."""
    raise NotImplementedError


@contextmanager
def unit_of_work(name: str, **fields: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 -- a log field may be anything
    """One line when the work has ended: its name, fields, `duration_seconds` and `outcome` (done, failed, cancelled).

    What is put into the yielded dict during the work is in the line too.
    """
    raise NotImplementedError
