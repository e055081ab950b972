"""Takes the time of a backup's named parts, for its manifest and for people."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from contracts.values import StepTime


class Stopwatch:
    """The times so far, in the order in which the parts ended; parts may overlap."""

    def __init__(self) -> None:
        self._times: list[StepTime] = []

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Take the time of what happens in the context."""
        began = time.monotonic()
        yield
        self._times.append(StepTime(step=step, seconds=round(time.monotonic() - began, 3)))

    @property
    def times(self) -> tuple[StepTime, ...]:
        """What was taken."""
        return tuple(self._times)
