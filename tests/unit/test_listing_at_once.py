"""Listings of a bucket's beginnings and walks of a tree are under way at the same time, a bounded number of them."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from threading import Barrier, Lock
from types import SimpleNamespace
from uuid import uuid4

import pytest

from services.platform.connectors.files import DocumentStore, Listed, directory, walking
from services.platform.connectors.files.directory import WALKS, DirectoryDocuments
from services.platform.connectors.files.s3 import LISTINGS, S3Documents
from services.platform.connectors.files.threads import threads
from services.platform.objectstore import DirectoryObjectStore, ObjectInfo
from tests.suites.document_store import listing

PATIENCE_SECONDS = 120


class Waiting(DirectoryObjectStore):
    """A bucket whose listings begin when `LISTINGS` of them are there."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.under_way = self.most = 0
        self._all_there = asyncio.Event()

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        if self.most == LISTINGS:
            self._all_there.set()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self._all_there.wait()
        async for info in super().list(prefix):
            yield info
        self.under_way -= 1


async def places(store: DocumentStore) -> list[str]:
    return sorted(entry.place for entry in await listing(store) if isinstance(entry, Listed))


async def test_so_many_beginnings_of_keys_are_listed_at_once(tmp_path: Path) -> None:
    bucket = Waiting(tmp_path)
    put = sorted(f"{first}{second}/{uuid4()}" for first in "0123456789abcdef" for second in "0f")
    for place in put:
        await bucket.put(place, b"x")
    assert await places(S3Documents(bucket, "the bucket")) == put
    assert bucket.most == LISTINGS


def made(root: Path) -> list[str]:
    """Places of documents, each in a directory of its own."""
    put = sorted(f"{first}/{uuid4()}" for first in "0123456789abcdef")
    for place in put:
        (root / place).parent.mkdir()
        (root / place).touch()
    return put


class Opened:
    """Stands before the opening of each directory: the first takes its time, with `spend`, the others `then`."""

    def __init__(self, spend: Callable[[], object], then: Callable[[], object]) -> None:
        self._ways, self._otherwise = iter([spend]), then
        self._opened, self._one_at_a_time = walking.opened, Lock()
        self.under_way = self.most = 0

    def __call__(self, fd: int, name: str) -> int:
        with self._one_at_a_time:
            way = next(self._ways, self._otherwise)
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        way()
        with self._one_at_a_time:
            self.under_way -= 1
        return self._opened(fd, name)


async def test_so_many_threads_walk_a_tree_where_the_first_mostly_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, everybody, met = made(tmp_path), Barrier(WALKS, timeout=PATIENCE_SECONDS), iter(range(WALKS))
    opened = Opened(lambda: time.sleep(0.1), lambda: next(met, None) is None or everybody.wait())
    monkeypatch.setattr(walking, "opened", opened)
    monkeypatch.setattr(directory, "BATCH", 1)
    async with threads() as some:
        assert await places(DirectoryDocuments(tmp_path, some)) == put
    assert opened.most == WALKS


async def test_one_thread_walks_a_tree_where_it_need_not_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put, opened = made(tmp_path), Opened(lambda: None, lambda: time.sleep(0.02))
    no_time_passes = SimpleNamespace(monotonic=lambda: 0.0, thread_time=time.thread_time)  # however busy others are
    monkeypatch.setattr(directory, "time", no_time_passes)
    monkeypatch.setattr(walking, "opened", opened)
    monkeypatch.setattr(directory, "BATCH", 1)
    async with threads() as some:
        assert await places(DirectoryDocuments(tmp_path, some)) == put
    assert opened.most == 1


async def test_a_listing_that_is_left_leaves_no_thread_and_no_descriptor(tmp_path: Path) -> None:
    for _ in range(200):
        path = tmp_path / str(uuid4())[:3] / str(uuid4())
        path.parent.mkdir(exist_ok=True)
        path.touch()
    tasks = asyncio.all_tasks()
    async with threads() as some:
        batches = DirectoryDocuments(tmp_path, some).list()
        assert await anext(batches)
        await batches.aclose()
        assert asyncio.all_tasks() <= tasks
        assert _opened_below(tmp_path) == []


def _opened_below(directory: Path) -> list[Path]:
    """What this process has descriptors of there."""
    found = (Path(os.path.realpath(link)) for link in Path("/proc/self/fd").iterdir())
    return [path for path in found if path.is_relative_to(directory)]
