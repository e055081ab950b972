"""The memory that a process and its children really take, together, at its peak."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import psutil

LOOK_SECONDS = 0.05


@dataclass
class Peak:
    """The most so far, in bytes. PSS: what is shared counts once, divided among those that share it."""

    bytes: int = 0


@asynccontextmanager
async def peak_of(pid: int) -> AsyncIterator[Peak]:
    """The summed PSS of a process and all its descendants, looked at often while the context lasts."""
    peak = Peak()
    looking = asyncio.create_task(_look(psutil.Process(pid), peak))
    try:
        yield peak
    finally:
        looking.cancel()


async def _look(process: psutil.Process, peak: Peak) -> None:
    with suppress(psutil.NoSuchProcess):  # it has ended
        while True:
            peak.bytes = max(peak.bytes, await asyncio.to_thread(_summed, process))
            await asyncio.sleep(LOOK_SECONDS)


def _summed(process: psutil.Process) -> int:
    total = 0
    for one in (process, *process.children(recursive=True)):
        with suppress(psutil.Error):
            total += one.memory_full_info().pss
    return total
