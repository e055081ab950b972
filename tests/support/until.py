"""Waiting for a condition in a test that has no event loop."""

import time
from collections.abc import Callable
from typing import TypeVar

from tests.support.eventually import pause_seconds

T = TypeVar("T")


def until(look: Callable[[], T], *, within_seconds: float = 60.0) -> T:
    """Return what `look` answers, as soon as that is true. Raises TimeoutError with the last answer."""
    began = time.monotonic()
    while not (answer := look()):
        if (waited := time.monotonic() - began) > within_seconds:
            raise TimeoutError(f"it did not become true in {within_seconds} s; the last answer was {answer!r}")
        time.sleep(pause_seconds(waited))
    return answer
