"""How long a stack takes from nothing to ready, and what of it takes how long; and from its own data once more."""

import re
import signal
import time
from collections.abc import Callable

import pytest

from tests.support.local_stack import LocalStack, stack_directory
from tests.support.until import until

MILESTONE = re.compile(r"^ *([0-9.]+) s  (\w+) (?:ready|done) after", re.MULTILINE)
"""What `nightkeep up` says of each of its parts, behind the seconds since it was called."""
PATIENCE_SECONDS = 300


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("start", ["first", "second"])
def test_a_stack_from_nothing_to_ready(start: str, record_property: Callable[[str, object], None]) -> None:
    with stack_directory() as directory:
        stack = LocalStack(directory)
        if start == "second":
            _run(stack)
        seconds, said = _run(stack)
    for at, name in MILESTONE.findall(said):
        record_property(f"{start}_start_{name}_at_seconds", float(at))
    record_property(f"{start}_start_all_at_seconds", round(seconds, 1))


def _run(stack: LocalStack) -> tuple[float, str]:
    """Start it and end it: after how many seconds it was ready, and what it said until then."""
    path = stack.data_dir.with_name("output")
    began = time.monotonic()
    with path.open("w", encoding="utf-8") as output:
        up = stack.start(output=output)
        try:
            until(lambda: "ready: http" in path.read_text() or up.poll() is not None, within_seconds=PATIENCE_SECONDS)
            said = path.read_text()
            assert up.poll() is None, said
            return time.monotonic() - began, said
        finally:
            up.send_signal(signal.SIGTERM)
            up.wait(120)
