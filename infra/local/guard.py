"""Outlive the supervisor: whatever it leaves behind when it is killed is killed within seconds.

The supervisor runs in a child. Both adopt orphans, so that everything that was ever started below is found below:
if the child is killed, this process kills the rest; if this process is killed, the kernel tells the child,
which does the same.
"""

import ctypes
import os
import signal
import sys
import traceback
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Final

import psutil

from infra.local.children import kill_all

PR_SET_PDEATHSIG: Final = 1
PR_SET_CHILD_SUBREAPER: Final = 36
GUARD_DIED: Final = signal.SIGUSR1
"""What the supervisor gets when its guard is gone, or out of patience: no time for politeness."""
DEFECT: Final = 70
"""The exit code of a program that met something nobody had thought of (sysexits.h)."""
KILLED: Final = 128
"""A program that a signal ended has this and the signal's number as its exit code."""
FORWARDED: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def guarded(supervise: Callable[[], int]) -> int:
    """Run `supervise` in a child and return its exit code; afterwards nothing that it started lives."""
    adopt_orphans()
    guard = os.getpid()
    child = os.fork()
    if child == 0:
        os._exit(_supervise(supervise, guard))
    asked: list[int] = []
    for number in FORWARDED:
        signal.signal(number, lambda number, _frame: _forward(child, number, asked))
    _, status = os.waitpid(child, 0)
    kill_descendants()
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else KILLED - code


def die_with(parent: int) -> None:
    """Let this process, a child of `parent`, be killed when the thread that forked it is gone."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if os.getppid() != parent:
        os._exit(DEFECT)


def kill_descendants() -> None:
    """Kill everything below this process, until nothing is left."""
    while descendants := psutil.Process().children(recursive=True):
        kill_all(descendants)


def kill_orphans(known: Collection[int | None]) -> None:
    """Kill the children that nobody here knows, with all below: they were adopted when their parent died."""
    for child in psutil.Process().children():
        if child.pid not in known:
            with suppress(psutil.NoSuchProcess):
                kill_all([*child.children(recursive=True), child])


def adopt_orphans() -> None:
    """Become the parent of what is left below this process when its parent dies."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def _supervise(supervise: Callable[[], int], guard: int) -> int:
    adopt_orphans()
    os.setpgid(0, 0)  # Ctrl-C reaches the guard alone, which passes it on
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(GUARD_DIED))
    signal.signal(GUARD_DIED, _give_up)
    if os.getppid() != guard:
        return DEFECT
    try:
        return supervise()
    except Exception:  # noqa: BLE001 -- this is where the child process ends
        traceback.print_exc()
        return DEFECT
    finally:
        kill_descendants()
        sys.stdout.flush()
        sys.stderr.flush()


def _give_up(_number: int, _frame: object) -> None:
    kill_descendants()
    os._exit(DEFECT)


def _forward(child: int, number: int, asked: list[int]) -> None:
    """Pass the first one on; whoever asks again does not want to wait for an orderly end."""
    asked.append(number)
    with suppress(ProcessLookupError):
        os.kill(child, number if len(asked) == 1 else GUARD_DIED)
