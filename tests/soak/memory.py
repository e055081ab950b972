"""What the services hold in memory while they are shaken: a soak's last third beside its first."""

import asyncio
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

import psutil

from tests.history.evidence import Finding
from tests.support.running_services import Platform

LOOKS_SECONDS: Final = 2.0
LEAST_SECONDS: Final = 600.0
"""A shorter soak tells nothing: a service takes up what it needs in its first minutes."""
GROWS_AT_MOST: Final = 1.2
MEGABYTE: Final = 1_000_000


class Memory:
    """The resident bytes of each service, looked at again and again."""

    def __init__(self) -> None:
        self._sizes: defaultdict[str, list[tuple[float, int]]] = defaultdict(list)
        self._began = time.monotonic()

    async def watch(self, platform: Platform) -> None:
        """Until it is cancelled; who is dead at the moment has none."""
        while True:
            for name, service in platform.services.items():
                with suppress(psutil.Error):
                    size = psutil.Process(service.process.pid).memory_info().rss
                    self.note(name, time.monotonic() - self._began, size)
            await asyncio.sleep(LOOKS_SECONDS)

    def note(self, name: str, seconds: float, size: int) -> None:
        """A service held so many bytes, so long after the beginning."""
        self._sizes[name].append((seconds, size))

    def thirds(self) -> dict[str, tuple[int, int]]:
        """Of each service what it held at the median look of the first third and of the last, in bytes.

        Not the most: the gateway takes 64 MiB for as long as it hashes a password, seen or not.
        """
        third = self._seconds() / 3
        return {
            name: (
                _median([size for at, size in looks if at <= third]),
                _median([size for at, size in looks if at >= 2 * third]),
            )
            for name, looks in self._sizes.items()
        }

    def _seconds(self) -> float:
        return max((looks[-1][0] for looks in self._sizes.values()), default=0.0)

    def findings(self) -> Iterator[Finding]:
        """Who holds more and more."""
        if self._seconds() < LEAST_SECONDS:
            return
        for name, (first, last) in self.thirds().items():
            if last > first * GROWS_AT_MOST:
                yield Finding("memory grows", f"{name}: {first // MEGABYTE} MB, then {last // MEGABYTE} MB")

    def told(self) -> str:
        """For a person."""
        return ", ".join(
            f"{name} {first // MEGABYTE} and {last // MEGABYTE} ({self._most(name) // MEGABYTE} at most)"
            for name, (first, last) in self.thirds().items()
        )

    def _most(self, name: str) -> int:
        return max(size for _, size in self._sizes[name])


def _median(sizes: list[int]) -> int:
    return int(statistics.median(sizes)) if sizes else 0
