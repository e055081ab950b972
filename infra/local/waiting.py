"""Wait in another terminal for what the supervisor does, and ask it to end."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import psutil

from infra.local.layout import Layout
from infra.local.state import Status, is_supervised, read_state

LOOK_SECONDS: Final = 0.1
DOWN_SECONDS: Final = 40.0
"""An orderly stop takes a few seconds; after this it is not orderly any more."""


def wait_ready(layout: Layout, seconds: float, *, go_on: Callable[[], bool] = lambda: True) -> Status:
    """Return the status once it is ready, or can no longer be; or when the time is over or `go_on` says no."""
    deadline = time.monotonic() + seconds
    while (status := read_state(layout)).state != "ready":
        gave_up = status.state == "degraded" and status.trouble
        if gave_up or time.monotonic() > deadline or not go_on():
            break
        time.sleep(LOOK_SECONDS)
    return status


def is_alive(pid: int) -> bool:
    """Whether this process still runs."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def bring_down(layout: Layout) -> bool:
    """Ask the supervisor to end and wait until all of the stack has; whether there was one."""
    pid = read_state(layout).supervisor_pid if is_supervised(layout) else None
    if pid is None:
        return False
    with suppress(psutil.NoSuchProcess):
        supervisor = psutil.Process(pid)
        family = [supervisor, *supervisor.parents()[:1]]
        supervisor.terminate()
        _, alive = psutil.wait_procs(family[:1], DOWN_SECONDS)
        for process in alive:
            process.kill()  # its guard kills whatever it leaves
        psutil.wait_procs(family, DOWN_SECONDS)
    return True
