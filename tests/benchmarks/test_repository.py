"""What the stored format costs, beside restic in the same run, on the same data, into the same file system.

`NIGHTKEEP_TEST_BENCHMARK=full` takes a hundred thousand documents and a dump of 700 MB; without it, a tenth of that.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import pytest

from contracts.manifest import Lines
from contracts.values import DirectoryFiles
from services.platform.connectors.files import Listed, open_documents
from services.platform.objectstore import DirectoryObjectStore
from services.platform.repository import EnvironmentRepository, RepositoryV2, read_documents
from services.snapshot.scratch import Scratch
from tests.benchmarks.restic import Restic
from tests.suites.dumps import Nights, Table
from tests.suites.repository import KEY
from tests.support.capturing import NoSecrets, reading_of
from tests.support.manifests import manifest

FULL = os.environ.get("NIGHTKEEP_TEST_BENCHMARK") == "full"
DOCUMENTS = 100_000 if FULL else 10_000
DOCUMENT_BYTES = 10_000
ROWS = 3_500_000 if FULL else 350_000
NIGHTS = 7
MEGABYTE = 1000 * 1000
SETTLED_SECONDS = 2.5
"""A document that was written just before it is read is read once more the next time."""


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
    restic, stored = Restic.new(tmp_path / "restic"), [0, 0]
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
            took = restic.back_up(dump)
            line += f"; restic {took:.1f} s, {(restic.stored_bytes() - stored[1]) / MEGABYTE:.2f} MB"
            stored[1] = restic.stored_bytes()
        stored[0] = ours
        tell(line)
        table.night()
    began = time.monotonic()
    newest = nights.newest
    assert newest is not None
    assert await nights.dump(newest) == data
    tell(f"reading the last one back {time.monotonic() - began:.1f} s")


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """Small documents, half of each random."""
    root = tmp_path / "documents"
    for _ in range(DOCUMENTS):
        name = str(uuid4())
        path = root / name[:2] / name[2:4] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(DOCUMENT_BYTES // 2) + b"text " * (DOCUMENT_BYTES // 10))
    return root


def change(documents: Path, count: int) -> None:
    """Write some of them anew."""
    for path in sorted(documents.rglob("*-*"))[:count]:
        path.write_bytes(os.urandom(DOCUMENT_BYTES))


@pytest.mark.timeout(7200)
async def test_many_small_documents(tmp_path: Path, documents: Path) -> None:
    root, environment_id = RepositoryV2(DirectoryObjectStore(tmp_path / "ours"), KEY), uuid4()
    restic = Restic.new(tmp_path / "restic")
    listing: Lines | None = None
    await asyncio.sleep(SETTLED_SECONDS)
    before, before_restic = 0, 0
    for which in ("first", "nothing changed", "1 % changed"):
        if which == "1 % changed":
            change(documents, DOCUMENTS // 100)
        seconds, listing = await one_night(root.of(environment_id), documents, listing)
        line = f"{which}: ours {seconds:.1f} s, {(used(tmp_path / 'ours') - before) / 1000:.0f} kB"
        before = used(tmp_path / "ours")
        if restic:
            took = restic.back_up(documents)
            added = (restic.stored_bytes() - before_restic) / 1000
            line += f"; restic {took:.1f} s ({took / seconds:.1f} x), {added:.0f} kB"
            before_restic = restic.stored_bytes()
        tell(line)
    began = time.monotonic()
    count = 0
    repository = root.of(environment_id)
    async for document in all_of(repository, listing):
        count += len(document) > 0
    tell(f"reading {count} documents back {time.monotonic() - began:.1f} s")
    assert count == DOCUMENTS


async def one_night(
    repository: EnvironmentRepository, documents: Path, previous: Lines | None
) -> tuple[float, Lines | None]:
    """List, compare, read what is new, store the list and the manifest; returns the seconds, and the list."""
    began = time.monotonic()
    plain = manifest(uuid4(), repository.environment_id, repository.key_id)
    async with AsyncExitStack() as stack:
        opened = await stack.enter_async_context(open_documents(DirectoryFiles(path=str(documents)), NoSecrets()))
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        scratch = await stack.enter_async_context(Scratch.open(directory))
        await repository.begin_backup(plain.backup_id)
        await opened.probe()
        if previous:
            async for lines in read_documents(repository, previous):
                gone = await repository.unusable({name for line in lines for name in line.contents})
                await scratch.add_previous([line for line in lines if gone.isdisjoint(line.contents)])
        async for batch in opened.list():
            await scratch.add_listed([one for one in batch if isinstance(one, Listed)])
        await scratch.adopt_unchanged()
        await reading_of(opened, repository, scratch).run()
        stored = await repository.store_parts(scratch.lines(proven=False))
        numbers = await scratch.numbers()
    listing = Lines(contents=stored.contents, hash=stored.hash, bytes=stored.bytes, count=numbers.count)
    dump = await repository.store_bytes(b"")
    changes = {"files": plain.files.model_copy(update={"listing": listing, "dangling": None})}
    database = plain.database.model_copy(update={"contents": dump.contents, "hash": dump.hash, "chain": None})
    await repository.put_manifest(plain.model_copy(update={**changes, "database": database}))
    return time.monotonic() - began, listing


async def all_of(repository: EnvironmentRepository, listing: Lines | None) -> AsyncIterator[bytes]:
    """Every document of a list."""
    assert listing is not None
    async for lines in read_documents(repository, listing):
        for line in lines:
            async for content in repository.read(line.contents):
                yield content
