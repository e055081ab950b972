"""A process whose event loop stands still loses its leases and its place in Kafka's groups: it is noticed, and said.

The loop beats. A thread beside it says where the loop stands while it does; readiness says that it did, for a while.
"""

import asyncio
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Final

import structlog
from prometheus_client import Histogram

from services.platform.process.settings import HealthSettings

BEAT_SECONDS: Final = 0.25
LAG: Final = Histogram(
    "nightkeep_event_loop_lag_seconds",
    "How much later than it should the event loop came round",
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)

log = structlog.get_logger()


class Pulse:
    """When the loop beat last, and how long it stood still before; `monotonic` tells seconds of this process."""

    def __init__(self, settings: HealthSettings, monotonic: Callable[[], float]) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._beat_at = monotonic()
        self._stood_seconds = 0.0
        self._until: float | None = None
        """When it stood still last, until when."""

    def beat(self) -> None:
        """The loop came round."""
        now = self._monotonic()
        lag = max(0.0, now - self._beat_at - BEAT_SECONDS)
        LAG.observe(lag)
        if lag > self._settings.stall_seconds:
            self._stood_seconds, self._until = lag, now
            log.warning("the event loop stood still", seconds=round(lag, 1))
        self._beat_at = now

    def silent_seconds(self) -> float:
        """How long ago it beat; may be asked from any thread."""
        return self._monotonic() - self._beat_at

    def trouble(self) -> str | None:
        """Why the process may not be relied on yet, if it stood still a while ago."""
        if self._until is None:
            return None
        ago = self._monotonic() - self._until
        if ago >= self._settings.settle_seconds:
            return None
        return f"stood still for {self._stood_seconds:.1f} s, until {ago:.1f} s ago"


async def keep_beating(pulse: Pulse, settings: HealthSettings) -> None:
    """Beat until cancelled, under the eyes of a thread."""
    ended = threading.Event()
    loop = threading.get_ident()
    watch = threading.Thread(target=_watch, args=(pulse, settings, loop, ended), name="pulse", daemon=True)
    watch.start()
    try:
        while True:
            pulse.beat()
            await asyncio.sleep(BEAT_SECONDS)
    finally:
        ended.set()


def _watch(pulse: Pulse, settings: HealthSettings, loop: int, ended: threading.Event) -> None:
    """Say once of each time that it stands still where it does."""
    told = False
    while not ended.wait(BEAT_SECONDS):
        silent = pulse.silent_seconds()
        stands = silent > settings.stall_seconds
        if stands and not told:
            log.error("the event loop stands still", seconds=round(silent, 1), where=_where(loop))
        told = stands


def _where(thread: int) -> list[str]:
    """The calls that a thread is in, innermost last; names and lines only, since values may be secret."""
    frame = sys._current_frames().get(thread)  # noqa: SLF001 -- the documented way to another thread's stack
    return [f"{one.filename}:{one.lineno} {one.name}" for one in traceback.extract_stack(frame)] if frame else []
