"""Processes of others, which may end while they are looked at."""

from collections.abc import Sequence
from contextlib import suppress

import psutil

from tests.support.until import until


def alive(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Those that still live; the identity is pid and start time."""
    return [process for process in processes if process.is_running() and not _is_zombie(process)]


def command_of(process: psutil.Process) -> list[str]:
    """Its arguments; none when it has ended."""
    with suppress(psutil.NoSuchProcess):
        return list(process.cmdline())
    return []


def _is_zombie(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def until_gone(processes: Sequence[psutil.Process], *, within_seconds: float = 10) -> None:
    """Wait until none of these lives."""
    until(lambda: not alive(processes), within_seconds=within_seconds)
