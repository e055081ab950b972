"""Whoever waits for a stack waits for as long as it can still become ready, and no longer."""

from pathlib import Path

import pytest

from infra.local.layout import Layout
from infra.local.state import Status, supervisor_lock, write_state
from infra.local.waiting import wait_ready

PATIENCE_SECONDS = 30.0


@pytest.mark.parametrize(("trouble", "looks"), [("sample failed: no psql", 0), (None, 3)])
def test_a_stack_that_gave_something_up_is_not_waited_for(tmp_path: Path, trouble: str | None, looks: int) -> None:
    layout = Layout(tmp_path / "stack")
    layout.claim()
    with supervisor_lock(layout):
        write_state(layout, Status(state="degraded", data_dir=layout.root, trouble=trouble))
        patient = iter([True] * 3)
        found = wait_ready(layout, PATIENCE_SECONDS, go_on=lambda: next(patient, False))
    assert (found.state, found.trouble) == ("degraded", trouble)
    assert len(list(patient)) == 3 - looks


def test_nobody_waits_for_what_a_killed_supervisor_has_said(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "stack")
    layout.claim()
    write_state(layout, Status(state="ready", data_dir=layout.root, supervisor_pid=1))
    with supervisor_lock(layout):  # the next one begins, and has not said anything yet
        assert wait_ready(layout, 0.3).state == "down"
