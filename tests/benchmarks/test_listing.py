"""How long the documents of a backup are listed: several directories or beginnings of keys at once, and hardly any.

Beside what nobody can do without: `find` and a bare walk for a directory, bare listing requests for a bucket. The tree
is warm: of a disk that must be waited for, several at once win more. Ratios are of one run; each is the best of a few.
`NIGHTKEEP_TEST_BENCHMARK=full` takes 100,000 files and 20,000 objects; without it, a fifth.
"""

import asyncio
import os
import random
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest

from services.platform.connectors.files import DocumentStore, Listed, Unchanged, directory, s3
from services.platform.connectors.files.directory import DirectoryDocuments
from services.platform.connectors.files.s3 import S3Documents
from services.platform.connectors.files.threads import threads
from services.platform.objectstore.s3 import S3ObjectStore
from services.platform.objectstore.s3_client import s3_client
from services.platform.process.settings import S3Settings
from tests.benchmarks.figures import Figure
from tests.support.buckets import fresh_prefix
from tests.support.eventually import eventually
from tests.support.far_away import far_away

FULL = os.environ.get("NIGHTKEEP_TEST_BENCHMARK") == "full"
FILES = 100_000 if FULL else 20_000
OBJECTS = 20_000 if FULL else 5_000
BEST_OF = 4
AWAY_SECONDS = 0.1
"""To an object store in another region and back."""
PUTS_AT_ONCE = 16
Record = Callable[[str, object], None]


def names(count: int) -> Iterator[str]:
    """Names of documents, the same ones each time."""
    chance = random.Random(1)  # noqa: S311 -- names, no secrets
    for _ in range(count):
        yield str(UUID(int=chance.getrandbits(128), version=4))


async def best(work: Callable[[], Awaitable[object]]) -> float:
    """Seconds that it takes when little gets in its way."""
    seconds = []
    for _ in range(BEST_OF):
        began = time.perf_counter()
        await work()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


async def listed(store: DocumentStore, known: Mapping[str, str]) -> tuple[int, int]:
    """How many documents came, and how many directories need not be listed."""
    documents = unchanged = 0
    async for batch in store.list(known):
        documents += sum(isinstance(one, Listed) for one in batch)
        unchanged += sum(isinstance(one, Unchanged) for one in batch)
    return documents, unchanged


async def states(store: DocumentStore) -> dict[str, str]:
    """Every directory and its state, as the previous list has them."""
    entries = [one async for batch in store.list() for one in batch if isinstance(one, Listed)]
    return {one.place.rpartition("/")[0]: one.directory.rpartition("-")[0] for one in entries}


def bare_walk(path: str) -> int:
    """Nothing but directories and states of files."""
    count = 0
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                count += bare_walk(entry.path)
            else:
                count += entry.stat(follow_symlinks=False).st_size >= 0
    return count


async def found(root: Path) -> None:
    """What `find` takes for path, size and times of each file."""
    command = ["find", str(root), "-type", "f", "-printf", "%p %s %T@ %C@\n"]
    await asyncio.to_thread(subprocess.run, command, stdout=subprocess.DEVNULL, check=True)


@pytest.mark.timeout(1800)
async def test_listing_a_directory(tmp_path: Path, record_property: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in names(FILES):
        path = tmp_path / name[:2] / name[2:4] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    async with threads() as some:
        store = DirectoryDocuments(tmp_path, some)
        assert await store.probe()

        async def settled() -> bool:
            return all((await states(store)).values())

        await eventually(settled)
        known = await states(store)
        assert await listed(store, {}) == (FILES, 0)
        assert await listed(store, known) == (0, len(known))
        several = await best(lambda: listed(store, {}))
        hardly_any = await best(lambda: listed(store, known))
        monkeypatch.setattr(directory, "WALKS", 1)
        one = await best(lambda: listed(store, {}))
        bare = await best(lambda: asyncio.to_thread(bare_walk, str(tmp_path)))
        by_find = await best(lambda: found(tmp_path))
    record_property(f"listing {FILES} files in {len(known)} directories / bare walk", round(several / bare, 2))
    record_property("… / find -printf", round(several / by_find, 2))
    record_property("… / one walk", round(several / one, 2))
    record_property("… when nothing changed / all of it", Figure(round(hardly_any / several, 2), at_most=0.33))


async def fill(store: S3ObjectStore, count: int) -> None:
    """Small objects below `xx/yy`."""
    waiting = names(count)

    async def put_some() -> None:
        for name in waiting:
            await store.put(f"{name[:2]}/{name[2:4]}/{name}", b"x")

    await asyncio.gather(*(put_some() for _ in range(PUTS_AT_ONCE)))


@asynccontextmanager
async def bare_requests(settings: S3Settings) -> AsyncIterator[Callable[[], Awaitable[int]]]:
    """One listing request after the other, and nothing done with the answers."""
    async with s3_client(settings) as client:

        async def all_pages() -> int:
            asked, count = {"Bucket": settings.bucket, "Prefix": f"{settings.prefix}/"}, 0
            while True:
                page = await client.list_objects_v2(**asked)
                count += int(page["KeyCount"])
                if not page["IsTruncated"]:
                    return count
                asked["ContinuationToken"] = page["NextContinuationToken"]

        yield all_pages


@pytest.mark.timeout(1800)
async def test_listing_a_bucket(s3: S3Settings, record_property: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    async with fresh_prefix(s3) as (near, store):
        await fill(store, OBJECTS)
        async with far_away(near, AWAY_SECONDS) as far:
            for where, settings in (("near", near), (f"{AWAY_SECONDS * 1000:.0f} ms away", far)):
                several, one, bare = await of_a_bucket(settings, monkeypatch)
                record_property(f"listing {OBJECTS} objects {where} / bare requests", round(several / bare, 2))
                record_property(f"… {where} / as one listing", round(several / one, 2))


async def of_a_bucket(settings: S3Settings, monkeypatch: pytest.MonkeyPatch) -> tuple[float, float, float]:
    """Seconds with several listings at once, with one, and for the requests alone."""
    async with S3ObjectStore.open(settings) as opened, bare_requests(settings) as all_pages:
        store = S3Documents(opened, "the bucket")
        assert await all_pages() == OBJECTS
        assert await listed(store, {}) == (OBJECTS, 0)
        several = await best(lambda: listed(store, {}))
        with monkeypatch.context() as patch:
            patch.setattr(s3, "initials", _all_in_one)
            one = await best(lambda: listed(store, {}))
        return several, one, await best(all_pages)


async def _all_in_one(_store: object) -> list[str]:
    return [""]
