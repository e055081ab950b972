"""What all contestants of a benchmark have in common: where they store, how they are run, and what a run costs."""

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Protocol

from services.platform.objectstore import DirectoryObjectStore
from services.platform.objectstore.s3 import S3ObjectStore
from services.platform.process.settings import S3Settings
from tests.benchmarks.memory import peak_of


@dataclass(frozen=True)
class Cost:
    """Of one run: seconds until all of it is on the disk, processor seconds, and the peak of summed PSS."""

    seconds: float
    busy_seconds: float
    peak_bytes: int

    @classmethod
    def usual(cls, costs: Sequence["Cost"]) -> "Cost":
        """The median of seconds and of processor seconds; the most memory."""
        seconds, busy = (median(getattr(one, what) for one in costs) for what in ("seconds", "busy_seconds"))
        return cls(seconds, busy, max(one.peak_bytes for one in costs))


@dataclass(frozen=True)
class Place:
    """Where a contestant stores: a prefix of a bucket, or else a directory. Its own files are in the latter."""

    directory: Path
    s3: S3Settings | None = None

    @property
    def repository(self) -> Path:
        """The directory that is stored in, where there is no bucket."""
        return self.directory / "repository"

    async def stored_bytes(self) -> int:
        """What is stored."""
        if self.s3 is None:
            return await _sum(DirectoryObjectStore(self.repository))
        async with S3ObjectStore.open(self.s3) as store:
            return await _sum(store)


async def _sum(store: DirectoryObjectStore | S3ObjectStore) -> int:
    return sum([info.size_bytes async for info in store.list("")])


class Contestant(Protocol):
    """Backs a directory up, again and again, and restores the newest backup."""

    place: Place

    @property
    def name(self) -> str:
        """Its column."""
        ...

    @property
    def settings(self) -> str:
        """Which of its own are set, and its version."""
        ...

    async def make(self) -> None:
        """Make an empty repository."""
        ...

    async def look(self) -> Cost:
        """Start, open the repository, and do nothing: what a small backup consists of."""
        ...

    async def back_up(self, source: Path) -> Cost:
        """One night."""
        ...

    async def restore(self, to: Path) -> Cost:
        """Into an empty directory."""
        ...


@dataclass(frozen=True)
class Ran:
    """A program that was run to its end."""

    cost: Cost
    output: bytes
    sync_seconds: float


async def run(*words: str, environment: Mapping[str, str], cwd: Path, given: bytes = b"") -> Ran:
    """Run a program and sync the disks, as part of what it costs: some sync by themselves, some never.

    Raises RuntimeError with what the program says, when it fails.
    """
    os.sync()  # what others left is no cost of this one
    before, began = os.times(), time.monotonic()
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *words, cwd=cwd, env={**os.environ, **environment}, stdin=pipe, stdout=pipe, stderr=pipe
    )
    async with peak_of(process.pid) as peak:
        output, said = await process.communicate(given)
    ended, after = time.monotonic(), os.times()
    if process.returncode:
        raise RuntimeError(f"{' '.join(words[:3])} failed: {said.decode(errors='replace')[-2000:]}")
    await asyncio.to_thread(os.sync)
    sync_seconds = time.monotonic() - ended
    busy = after.children_user - before.children_user + after.children_system - before.children_system
    return Ran(Cost(ended - began + sync_seconds, busy, peak.bytes), output, sync_seconds)
