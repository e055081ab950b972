"""A job's child processes end with it: each in its own process group, killed when the lease is lost."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

POLITE_SECONDS: Final = 2.0
"""What a group is given between SIGTERM and SIGKILL: a dump tells its server to stop."""
LOOK_SECONDS: Final = 0.05


class ChildGroups:
    """The process groups of one attempt; start children with `start_new_session=True`."""

    def __init__(self) -> None:
        self._groups: set[int] = set()

    @contextmanager
    def group(self, pid: int) -> Iterator[None]:
        """`with run.children.group(process.pid):` as long as the child may live; what is left then is killed."""
        self._groups.add(pid)
        try:
            yield
        finally:
            self._groups.discard(pid)
            _signal(pid, signal.SIGKILL)

    async def end_all(self) -> None:
        """Ask all groups to end, and kill what still lives two seconds later."""
        groups = set(self._groups)
        for group in groups:
            _signal(group, signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(POLITE_SECONDS):
                while any(_lives(group) for group in groups):  # noqa: ASYNC110 -- nothing tells when a group has gone
                    await asyncio.sleep(LOOK_SECONDS)
        for group in groups:
            _signal(group, signal.SIGKILL)


def _lives(group: int) -> bool:
    return _signal(group, 0)


def _signal(group: int, number: int) -> bool:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True
