"""Whoever is killed, nothing that was started below lives on: real processes, killed for real."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from infra.local.children import Command, start, stop
from tests.support.until import until

SUPERVISOR = """
import os, subprocess, sys, time
from pathlib import Path
from infra.local.children import Command, start
from infra.local.guard import guarded

marker = sys.argv[1]

def supervise():
    script = f"setsid bash -c 'sleep 602; : {marker}-loose' & sleep 603; : {marker}-part"
    start(Command(["bash", "-c", script], dict(os.environ), Path.cwd(), Path("part.log")))
    Path("supervisor").write_text(str(os.getpid()))
    time.sleep(600)
    return 0

sys.exit(guarded(supervise))
"""

PART_AND_LOOSE = 2
"""The part's own command line has the marker of the loose program too."""


def living(marker: str) -> list[psutil.Process]:
    """Every process whose command line has the marker."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and any(marker in word for word in process.cmdline()):
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found


@pytest.fixture
def family(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes], int]]:
    """A guard, its supervisor, a part, and a program of the part that has a session of its own."""
    marker = f"family-{uuid4().hex}"
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    guard = subprocess.Popen([sys.executable, "-c", SUPERVISOR, marker], cwd=tmp_path, env=environment)
    supervisor = tmp_path / "supervisor"
    try:
        until(
            lambda: supervisor.exists() and supervisor.read_text() and len(living(f"{marker}-loose")) == PART_AND_LOOSE
        )
        yield marker, guard, int(supervisor.read_text())
    finally:
        for process in living(marker):
            process.kill()
        guard.wait()


def test_a_killed_supervisor_leaves_nothing(family: tuple[str, subprocess.Popen[bytes], int]) -> None:
    marker, guard, supervisor = family
    os.kill(supervisor, signal.SIGKILL)
    until(lambda: not living(marker), within_seconds=10)
    assert guard.wait() == 128 + signal.SIGKILL


def test_a_killed_guard_leaves_nothing(family: tuple[str, subprocess.Popen[bytes], int]) -> None:
    marker, guard, _ = family
    guard.kill()
    until(lambda: not living(marker), within_seconds=10)


def test_a_guard_that_is_asked_to_end_leaves_nothing(family: tuple[str, subprocess.Popen[bytes], int]) -> None:
    marker, guard, _ = family
    guard.terminate()
    until(lambda: not living(marker), within_seconds=10)


def test_a_guard_that_is_asked_twice_does_not_wait_for_an_orderly_end(
    family: tuple[str, subprocess.Popen[bytes], int],
) -> None:
    marker, guard, supervisor = family
    os.kill(supervisor, signal.SIGSTOP)  # it would never end in order
    guard.send_signal(signal.SIGINT)
    guard.send_signal(signal.SIGTERM)
    os.kill(supervisor, signal.SIGCONT)
    until(lambda: not living(marker), within_seconds=10)


ORPHANS = """
import os, signal, sys
from pathlib import Path
from infra.local.children import Command, start
from infra.local.guard import adopt_orphans, kill_orphans

marker = sys.argv[1]
adopt_orphans()
script = f"setsid bash -c 'sleep 604; : {marker}-loose' & sleep 605; : {marker}-part"
known = start(Command(["sleep", "606"], dict(os.environ), Path.cwd(), Path("log")))
part = start(Command(["bash", "-c", script], dict(os.environ), Path.cwd(), Path("log")))
sys.stdin.readline()
part.kill()
part.wait()
kill_orphans({known.pid})
print("known lives" if known.poll() is None else "known died", flush=True)
sys.stdin.readline()
"""


def test_what_a_dead_part_leaves_behind_is_killed_and_other_parts_are_not(tmp_path: Path) -> None:
    marker = f"orphans-{uuid4().hex}"
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    command = [sys.executable, "-c", ORPHANS, marker]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdin=-1, stdout=-1, text=True) as supervisor:
        assert supervisor.stdin
        assert supervisor.stdout
        until(lambda: len(living(f"{marker}-loose")) == PART_AND_LOOSE)
        supervisor.stdin.write("go on\n")
        supervisor.stdin.flush()
        assert supervisor.stdout.readline() == "known lives\n"
        assert not living(f"{marker}-loose")
        supervisor.kill()


def test_a_stopped_part_takes_its_own_children_along(tmp_path: Path) -> None:
    marker = f"part-{uuid4().hex}"
    script = f"bash -c 'sleep 600; : {marker}-child' & sleep 600; : {marker}-leader"
    command = Command(["bash", "-c", script], dict(os.environ), tmp_path, tmp_path / "log")
    process = start(command)
    until(lambda: len(living(f"{marker}-child")) == PART_AND_LOOSE)
    stop(process, command)
    assert not living(marker)


def test_a_part_that_ignores_the_polite_signal_is_killed(tmp_path: Path) -> None:
    script = "trap '' TERM; echo ready; while true; do sleep 0.1; done"
    command = Command(["bash", "-c", script], dict(os.environ), tmp_path, tmp_path / "log", stop_seconds=0.2)
    process = start(command)
    until(lambda: "ready" in (tmp_path / "log").read_text())
    stop(process, command)
    assert process.returncode == -signal.SIGKILL
