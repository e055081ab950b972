"""The stack that the demo runs on: one of its own that goes with it, or one that stays."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from infra.local.children import kill_all, last_lines
from infra.local.errors import StackError
from infra.local.layout import Layout, choose
from infra.local.removal import remove
from infra.local.state import Status, read_state
from infra.local.up import Wishes, up_detached
from infra.local.waiting import is_alive, wait_ready

START_SECONDS: Final = 300.0
STOP_SECONDS: Final = 60.0
LOOK_SECONDS: Final = 0.2

Told = Callable[[Status], None]
"""Hears how the start goes on, a few times a second."""


@dataclass(frozen=True)
class Ground:
    """Where a stack for the demo is: in `data_dir`; else in the usual place if it stays, else in one that goes."""

    data_dir: Path | None
    stays: bool

    @contextmanager
    def stack(self, told: Told) -> Iterator[Status]:
        """A stack that is ready; ended with the block unless it stays. Raises StackError."""
        if self.stays:
            yield _staying(choose(self.data_dir, os.environ), told)
            return
        if self.data_dir:
            with _passing(choose(self.data_dir, os.environ), told) as status:
                yield status
            return
        with ThreadPoolExecutor(1) as beside, _passing_directory() as layout, _passing(layout, told) as status:
            yield status
            # Thousands of files take longer than the orderly stop and all the rest, which need none of them.
            beside.submit(remove, (layout.documents.rename(layout.root.with_suffix(".documents")),))


@contextmanager
def _passing(layout: Layout, told: Told) -> Iterator[Status]:
    """Run a stack that dies with this process, and end it in order when the block ends."""
    guard = up_detached(Wishes(layout), outlives=False)
    try:
        yield _ready(layout, told, guard)
    finally:
        _end(psutil.Process(guard))


def _end(guard: psutil.Process) -> None:
    """In order; what takes too long is killed."""
    guard.terminate()
    try:
        guard.wait(STOP_SECONDS)
    except psutil.TimeoutExpired:
        kill_all([*guard.children(recursive=True), guard])


def _staying(layout: Layout, told: Told) -> Status:
    """Take the stack that runs there, or start one that outlives this process."""
    found = read_state(layout)
    if found.state == "ready":
        return found
    return _ready(layout, told, up_detached(Wishes(layout)))


@contextmanager
def _passing_directory() -> Iterator[Layout]:
    """A place for a stack's data, removed when the block ends well or is interrupted; after an error it stays."""
    root = Path(tempfile.mkdtemp(prefix="nightkeep-demo-"))
    root.chmod(0o711)
    try:
        yield Layout(root)
    except Exception as error:
        error.add_note(f"its data and logs stay in {root} for a look; remove it when you have seen enough")
        raise
    except BaseException:
        _put_away(root)
        raise
    _put_away(root)


def _put_away(root: Path) -> None:
    remove(root.iterdir())
    root.rmdir()


def _ready(layout: Layout, told: Told, guard: int) -> Status:
    deadline = time.monotonic() + START_SECONDS

    def lives() -> bool:
        return is_alive(guard)

    while lives() and time.monotonic() < deadline:
        found = wait_ready(layout, LOOK_SECONDS, go_on=lives)
        told(found)
        if found.state == "ready":
            return found
        if found.state == "degraded":
            break
    trouble = read_state(layout).trouble or last_lines(layout.supervisor_log, 3)
    raise StackError(f"the stack did not become ready: {trouble}; its logs are in {layout.logs}")
