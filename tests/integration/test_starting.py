"""A service that is forked lives and ends as one that is started as a program."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.starting import Program, Start, execute, fork
from tests.support.until import until

SAYING = "tests.support.saying_program"


def _started(start: Start, tmp_path: Path, what: str) -> Program:
    (tmp_path / "log").write_text("before\n")
    return start(SAYING, {"PATH": os.defpath, "WHAT": what}, tmp_path / "log")


@pytest.fixture(params=[execute, fork])
def start(request: pytest.FixtureRequest) -> Start:
    how: Start = request.param
    return how


@pytest.mark.parametrize(("what", "code"), [("return", 0), ("exit", 3), ("raise", 1), ("die", -signal.SIGKILL)])
def test_how_it_ended_is_known_and_what_it_said_is_kept(start: Start, tmp_path: Path, what: str, code: int) -> None:
    program = _started(start, tmp_path, what)
    assert program.wait(timeout=60) == code
    assert program.poll() == code
    program.send_signal(signal.SIGKILL)  # it harms nobody who has its number since
    before, said, *rest = (tmp_path / "log").read_text().splitlines()
    assert (before, said) == ("before", f"{program.pid} __main__ [] ['PATH', 'WHAT'] {start is fork}")
    assert ("told to raise" in "".join(rest)) == (what == "raise")


def test_one_that_lives_is_stopped_woken_and_ended(start: Start, tmp_path: Path) -> None:
    program = _started(start, tmp_path, "stay")
    until(lambda: len((tmp_path / "log").read_text().splitlines()) == 2)
    program.send_signal(signal.SIGSTOP)
    with pytest.raises(subprocess.TimeoutExpired):
        program.wait(timeout=0.1)
    assert program.poll() is None
    program.send_signal(signal.SIGTERM)
    program.send_signal(signal.SIGCONT)
    assert program.wait(timeout=60) == -signal.SIGTERM
