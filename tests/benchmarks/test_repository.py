"""What the nights of a database cost, beside restic in the same run, on the same data, into the same file system.

`NIGHTKEEP_TEST_BENCHMARK=full` takes a dump of 700 MB; without it, a tenth of that. Files: `test_many_documents.py`.
"""

import os
import sys
import time
from pathlib import Path
from uuid import uuid4

import pytest

from services.platform.objectstore import DirectoryObjectStore
from services.platform.repository import RepositoryV2
from tests.benchmarks.contest import Place
from tests.benchmarks.peers import Restic, missing
from tests.suites.dumps import Nights, Table
from tests.suites.repository import KEY

FULL = os.environ.get("NIGHTKEEP_TEST_BENCHMARK") == "full"
ROWS = 3_500_000 if FULL else 350_000
NIGHTS = 7
MEGABYTE = 1000 * 1000


def tell(line: str) -> None:
    """Print what was measured: that is what a benchmark is for."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def used(directory: Path) -> int:
    """The bytes of all files below a directory."""
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


@pytest.mark.timeout(7200)
async def test_seven_nights_of_a_database(tmp_path: Path) -> None:
    table, dump = Table(ROWS), tmp_path / "dump"
    nights = Nights(RepositoryV2(DirectoryObjectStore(tmp_path / "ours"), KEY), uuid4())
    restic, stored = Restic(Place(tmp_path / "restic")) if Restic.program() else None, [0, 0]
    tell(missing([Restic]))
    if restic:
        await restic.make()
    firsts = list[int]()
    for night in range(NIGHTS):
        data = table.dump()
        dump.write_bytes(data)
        began = time.monotonic()
        part = (await nights.back_up(data)).database
        seconds = time.monotonic() - began
        ours = used(tmp_path / "ours")
        added = (ours - stored[0]) / MEGABYTE
        line = f"night {night}: {len(data) / MEGABYTE:.0f} MB; ours {seconds:.1f} s, {added:.2f} MB"
        firsts = firsts or [part.stored_bytes]
        line += f" ({part.stored_bytes / firsts[0]:.1%} of the first)"
        if restic:
            took, theirs = (await restic.back_up(dump)).seconds, await restic.place.stored_bytes()
            line += f"; restic {took:.1f} s, {(theirs - stored[1]) / MEGABYTE:.2f} MB"
            stored[1] = theirs
        stored[0] = ours
        tell(line)
        table.night()
    began = time.monotonic()
    newest = nights.newest
    assert newest is not None
    assert await nights.dump(newest) == data
    tell(f"reading the last one back {time.monotonic() - began:.1f} s")
