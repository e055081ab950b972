"""Start the stack's processes on a leash and end them: politely first, then not."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil

from infra.local.errors import StackError
from infra.local.identity import Identity

LEASH: Final = Path(__file__).with_name("leash.py")
LOG_BYTES: Final = 16 * 1024 * 1024
"""A log that is longer when its program starts is put aside; of those, one is kept."""


@dataclass(frozen=True)
class Command:
    """What to run, where, as whom; `environment` is all that the child gets, and its output goes to the end of `log`.

    `death_signal` is what the kernel sends it when its parent dies, `stop_signal` what an orderly end begins with.
    """

    argv: Sequence[str]
    environment: Mapping[str, str]
    directory: Path
    log: Path
    identity: Identity | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    death_signal: signal.Signals = signal.SIGKILL
    leftovers: Sequence[Path] = field(default=())
    """Files that the program leaves outside its directory; removed when it has ended."""

    def leashed(self, parent: int) -> list[str]:
        """The command line that ends up as this program, bound to the process `parent`."""
        user = self.identity.arguments if self.identity else ("-", "-")
        leash = (sys.executable, "-I", "-S", str(LEASH), str(parent), str(int(self.death_signal)), *user)
        return [*leash, *self.argv]


def start(command: Command) -> subprocess.Popen[bytes]:
    """Start it. Call this from a thread that lives as long as the process: the leash is held by the thread."""
    command.log.parent.mkdir(parents=True, exist_ok=True)
    _roll(command.log)
    with command.log.open("ab") as log:
        return subprocess.Popen(
            command.leashed(os.getpid()),
            cwd=command.directory,
            env=dict(command.environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def run(command: Command) -> None:
    """Run it to its end. Raises `StackError` with its last words, which are in its log."""
    code = start(command).wait()
    if code:
        raise StackError(f"{Path(command.argv[0]).name} ended with exit code {code}: {last_lines(command.log)}")


def stop(process: subprocess.Popen[bytes], command: Command) -> None:
    """End it and everything that it started; return when all of it is gone."""
    below = family(process.pid)
    if process.poll() is None:
        process.send_signal(command.stop_signal)
    try:
        process.wait(command.stop_seconds)
    except subprocess.TimeoutExpired:
        below += family(process.pid)
        process.kill()
        process.wait()
    kill_all([*below, *family(process.pid)])
    for path in command.leftovers:
        path.unlink(missing_ok=True)


def family(leader: int) -> list[psutil.Process]:
    """Every process below `leader` or in the session that it opened, without itself.

    PostgreSQL's processes open sessions of their own; what a program has let go of is below somebody else.
    """
    try:
        below = psutil.Process(leader).children(recursive=True)
    except psutil.NoSuchProcess:
        below = []
    return [*below, *(one for one in psutil.process_iter() if one not in below and _follows(one.pid, leader))]


def kill_all(processes: Sequence[psutil.Process], seconds: float = 5.0) -> None:
    """Kill these and wait until they are gone; one that is gone already is fine."""
    for process in processes:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(processes, seconds)


def last_lines(log: Path, count: int = 15) -> str:
    """Return the end of a log, for a person who is told that its program failed."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n".join(lines[max(0, len(lines) - count) :])


def _roll(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".1.log"))


def _follows(pid: int, leader: int) -> bool:
    try:
        return pid != leader and os.getsid(pid) == leader
    except (ProcessLookupError, PermissionError):
        return False
