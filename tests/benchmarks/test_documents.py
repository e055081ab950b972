"""What one small document costs in a backup and in a restore, beside what the disk alone takes in the same run.

Seconds of this process: the object store and the disk have their own. The restore adds all documents to an empty place.
"""

import os
import random
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, contextmanager
from math import exp, log
from pathlib import Path
from uuid import uuid4

import pytest

from contracts.envelope import Cause
from contracts.manifest import Lines
from contracts.values import DirectoryFiles
from services.platform.connectors.files import Listed
from services.platform.connectors.files.opening import open_documents
from services.platform.connectors.files.pacing import Progress
from services.platform.connectors.files.threads import COUNT
from services.platform.jobs import LeaseLostError
from services.platform.jobs.leased import LeasedRun
from services.platform.jobs.leases import Lease
from services.platform.messaging.producer import Producer
from services.platform.messaging.progress import ProgressPublisher
from services.platform.messaging.topics import ensure_topics
from services.platform.process.clock import SystemClock
from services.platform.process.settings import KafkaSettings, S3Settings
from services.platform.repository import EnvironmentRepository, RepositoryV2
from services.restore.adapters.progress import RestoreProgress
from services.restore.documents import RestoreDocuments
from services.restore.handlers import RESTORE
from services.restore.work.side_by_side import Shared
from services.snapshot.scratch import Scratch
from tests.suites.repository import KEY
from tests.support.buckets import fresh_prefix
from tests.support.capturing import NoSecrets, reading_of

DOCUMENTS = 5_000
SMALLEST_BYTES, LARGEST_BYTES = 600, 60_000
ROUNDS = 1


def tell(line: str) -> None:
    """Print what was measured: that is what a benchmark is for."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print what the block took, for each document."""
    began = os.times()
    yield
    ended = os.times()
    passed, user, system = (
        (getattr(ended, kind) - getattr(began, kind)) / DOCUMENTS * 1000 for kind in ("elapsed", "user", "system")
    )
    tell(f"{what:32} {passed:5.2f} ms a document, {user:5.2f} ms of them busy, {system:5.2f} ms in the kernel")


def places(root: Path) -> list[Path]:
    """Every document below a directory."""
    return sorted(path for path in root.rglob("*-*") if path.is_file())


def fill(root: Path) -> None:
    """Documents of any size alike, half of each random."""
    chance = random.Random(1)  # noqa: S311 -- sizes, no secrets
    for _ in range(DOCUMENTS):
        size_bytes = round(exp(chance.uniform(log(SMALLEST_BYTES), log(LARGEST_BYTES))))
        name = str(uuid4())
        path = root / name[:2] / name[2:4] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(size_bytes // 2) + b"text " * (size_bytes // 10))


def at_once(work: Callable[[Path], object], paths: list[Path]) -> None:
    """As many threads as the services use."""
    with ThreadPoolExecutor(COUNT) as threads:
        for _ in threads.map(work, paths):
            pass


def copy_all(documents: Path, to: Path) -> None:
    """What a restore leaves, by nothing but the file system: each document synced before it has its name."""

    def copy(path: Path) -> None:
        place, unfinished = to / path.relative_to(documents), to / f"{path.name}.unfinished"
        place.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("wb") as file:
            file.write(path.read_bytes())
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(place)

    at_once(copy, places(documents))
    os.sync()


async def back_up(repository: EnvironmentRepository, documents: Path, directory: Path) -> Lines:
    """List, read and store all of them."""
    async with AsyncExitStack() as stack:
        opened = await stack.enter_async_context(open_documents(DirectoryFiles(path=str(documents)), NoSecrets()))
        scratch = await stack.enter_async_context(Scratch.open(directory))
        with timed("backup: list"):
            async for batch in opened.list():
                await scratch.add_listed([one for one in batch if isinstance(one, Listed)])
        with timed("backup: read and store"):
            await reading_of(opened, repository, scratch).run()
        with timed("backup: write the list"):
            stored = await repository.store_parts(scratch.lines(proven=False))
    return Lines(contents=stored.contents, hash=stored.hash, bytes=stored.bytes, count=DOCUMENTS)


def watched(producer: Producer) -> Progress:
    """The progress of a restore as its service tells it."""
    publisher = ProgressPublisher(producer, service="restore", clock=SystemClock(), new_id=uuid4)
    payload, cause = {"restore_id": str(uuid4())}, Cause(uuid4(), uuid4(), "Ada")
    lease = Lease(uuid4(), RESTORE, uuid4(), "key", payload, cause, 1, 1, {}, None, LeaseLostError("none was"))
    run = LeasedRun(lease, None, RestoreProgress(publisher))  # type: ignore[arg-type]  # -- only tells
    return Shared(run.progress).of("documents")


async def restore(
    repository: EnvironmentRepository, listing: Lines, to: Path, scratch: Path, progress: Progress
) -> None:
    """Add all of them."""
    async with open_documents(DirectoryFiles(path=str(to)), NoSecrets()) as store:
        work = RestoreDocuments(store, repository, uuid4(), scratch, progress)
        with timed("restore: fix the list"):
            await work.fix_list(listing)
        with timed("restore: add"):
            await work.add_absent()


def same(documents: Path, other: Path) -> bool:
    """Whether both hold the same."""
    return all((other / one.relative_to(documents)).read_bytes() == one.read_bytes() for one in places(documents))


@pytest.fixture
async def root(s3: S3Settings) -> AsyncIterator[RepositoryV2]:
    """A new repository on the object store."""
    async with fresh_prefix(s3) as (_, store):
        yield RepositoryV2(store, KEY)


@pytest.fixture
async def producer(kafka_settings: KafkaSettings) -> AsyncIterator[Producer]:
    """Tells progress."""
    await ensure_topics(kafka_settings)
    async with Producer.open(kafka_settings) as producer:
        yield producer


@pytest.mark.timeout(1800)
async def test_what_a_small_document_costs(root: RepositoryV2, producer: Producer, tmp_path: Path) -> None:
    documents = tmp_path / "documents"
    fill(documents)
    for number in range(ROUNDS):
        place = tmp_path / str(number)
        for name in ("copied", "restored", "scratch"):
            (place / name).mkdir(parents=True)
        repository = root.of(uuid4())
        with timed("the disk alone: read"):
            at_once(Path.read_bytes, places(documents))
        listing = await back_up(repository, documents, place / "scratch")
        with timed("the disk alone: write and sync"):
            copy_all(documents, place / "copied")
        await restore(repository, listing, place / "restored", place / "scratch", watched(producer))
        assert same(documents, place / "restored")
        shutil.rmtree(place)
