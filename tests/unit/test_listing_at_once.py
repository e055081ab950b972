"""Listings of a bucket's beginnings and walks of a tree are under way at the same time, a bounded number of them."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from threading import Barrier, Lock
from uuid import uuid4

import pytest

from services.platform.connectors.files import DocumentStore, Listed, walking
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


async def test_so_many_threads_walk_a_tree_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put = sorted(f"{first}/{uuid4()}" for first in "0123456789abcdef")
    for place in put:
        (tmp_path / place).parent.mkdir()
        (tmp_path / place).touch()
    everybody, opened = Barrier(WALKS, timeout=PATIENCE_SECONDS), walking.opened
    first_ones, one_at_a_time = iter(range(WALKS)), Lock()

    def wait_for_the_others(fd: int, name: str) -> int:
        with one_at_a_time:
            waits = next(first_ones, None) is not None
        if waits:
            everybody.wait()
        return opened(fd, name)

    monkeypatch.setattr(walking, "opened", wait_for_the_others)
    async with threads() as some:
        assert await places(DirectoryDocuments(tmp_path, some)) == put


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
