"""How a service is started: as a program, or forked from a process that has imported every service.

To import a service takes up to a second of processor, which is most of a short life; a fork takes a hundredth.
"""

import atexit
import multiprocessing
import os
import runpy
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from threading import Lock
from typing import Final, Protocol

import psutil

from tests.support.databases import SERVICES

ROOT: Final = Path(__file__).parents[2]
WARM: Final = "tests.support.warm"


class Program(Protocol):
    """A running program, as `subprocess` shows one."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, sig: int) -> None: ...


async def is_dead(program: Program) -> bool:
    """Whether it has ended, however."""
    return program.poll() is not None


async def is_asleep(program: Program) -> bool:
    """Whether it was stopped by a signal, and was not woken up since."""
    return bool(psutil.Process(program.pid).status() == psutil.STATUS_STOPPED)


Start = Callable[[str, Mapping[str, str], Path], Program]
"""Runs a module as the main program, with these variables only; what it says goes on at the end of a file."""


def execute(module: str, environment: Mapping[str, str], log: Path) -> Program:
    """As a program, as it is in production."""
    with log.open("ab") as output:
        command = [sys.executable, "-m", module]
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)


def fork(module: str, environment: Mapping[str, str], log: Path) -> Program:
    """From a process beside this one that has imported all services; both go when this one ends in order."""
    forking = multiprocessing.get_context("forkserver")
    forking.set_forkserver_preload([__name__, *(f"services.{name}.bootstrap" for name in SERVICES), WARM])
    log.touch()
    process = forking.Process(target=_become, args=(module, dict(environment), log), daemon=True)
    with _one_reader:  # to start one is to look at all others
        process.start()
    return Forked(process)


start: Start = execute
"""How services are started: as programs by `python -m tests.soak` and in benchmarks, else by a fork (conftest.py)."""
_one_reader: Final = Lock()
"""The code of a forked program can be read once: a second reader at the same moment would be told 255."""


class Forked:
    """A forked program."""

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Its number."""
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        """Its exit code, the negative number of the signal that ended it, or None while it runs."""
        with _one_reader:
            return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """The same at its end. Raises subprocess.TimeoutExpired."""
        wait([self._process.sentinel], timeout)
        if (code := self.poll()) is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0.0)
        return code

    def send_signal(self, sig: int) -> None:
        """Send it a signal, if it has not ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it has just ended, and its code is on the way
                os.kill(self.pid, sig)


@atexit.register
def _kill_all() -> None:
    """Else the end of this process waits for one that was left standing still."""
    for child in multiprocessing.active_children():
        child.kill()


def _become(module: str, environment: Mapping[str, str], log: Path) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    sys.argv[1:] = []
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    runpy.run_module(module, run_name="__main__", alter_sys=True)
