"""Jobs that read stored backups say that they move with each piece of the work, or they would be ended for silence."""

import os
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest

from contracts.manifest import CONTENT_BYTES, Burial
from services.platform.objectstore import DirectoryObjectStore
from services.platform.repository import EnvironmentRepository, RepositoryV2
from services.retention.work.checking import CheckJob
from services.retention.work.reclaiming import CondemningJob, ReclaimJob
from tests.suites.reclaim import LATER, NOW
from tests.support.damaging import rot
from tests.support.dumps import TocEntry, data_block, dump
from tests.support.manifests import tombstone
from tests.support.stored_backups import place_of, store_backup

KEY = b"k" * 32
ENVIRONMENT = uuid4()


class Watched:
    """As much of a run as steps that read need; counts how often it moved."""

    def __init__(self) -> None:
        self.environment_id = ENVIRONMENT
        self.job_id = UUID(int=8)
        self.payload = {"read_percent": 100, "seed": 0, "mark_id": str(UUID(int=9))}
        self.moves = 0

    def moved(self) -> None:
        self.moves += 1

    async def progress(self, *, bytes_done: int) -> None:
        """The same number again is no movement."""


@pytest.fixture
def store(tmp_path: Path) -> DirectoryObjectStore:
    return DirectoryObjectStore(tmp_path)


@pytest.fixture
def repository(store: DirectoryObjectStore) -> EnvironmentRepository:
    return RepositoryV2(store, KEY).of(ENVIRONMENT)


async def moves(job: type, store: DirectoryObjectStore, run: Watched, step: int, *, later: bool = False) -> int:
    """How often each of the first steps of a job moves: of the one asked for."""
    parts = SimpleNamespace(
        repository=RepositoryV2(store, KEY), clock=SimpleNamespace(now=lambda: LATER if later else NOW)
    )
    steps = job(parts).steps(run)
    for each in steps[: step + 1]:
        run.moves = 0
        await each.run()
    return run.moves


async def test_a_check_moves_with_every_manifest_list_and_content_it_reads(
    store: DirectoryObjectStore, repository: EnvironmentRepository
) -> None:
    row = os.urandom(CONTENT_BYTES // 4).hex().encode() + b"\n"
    whole = dump([TocEntry(1, b"TABLE DATA", tag=b"orders")], data_block(1, *[row] * 5))
    stored = await store_backup(repository, {place_of(uuid4()): b"a document"}, whole)
    assert len(stored.database.contents) > 2
    await rot(store, KEY, ENVIRONMENT, stored.database.contents[-1])
    assert await moves(CheckJob, store, Watched(), 0) >= 3  # a pack, a list, a backup
    assert await moves(CheckJob, store, Watched(), 1) == len(stored.database.contents)
    assert await moves(CheckJob, store, Watched(), 2) >= 2  # a manifest, a list


async def test_both_halves_of_a_reclaim_move_with_manifests_lists_and_packs(
    store: DirectoryObjectStore, repository: EnvironmentRepository
) -> None:
    kept = await store_backup(repository, {place_of(uuid4()): b"kept"})
    gone = await store_backup(repository, {place_of(uuid4()): os.urandom(1000)}, os.urandom(100_000))
    await repository.erase_manifest(tombstone(gone.backup_id, ENVIRONMENT, Burial.DELETED))
    assert await moves(CondemningJob, store, Watched(), 0) >= 3
    assert await moves(ReclaimJob, store, Watched(), 0, later=True) >= 3
    assert (await repository.read_manifest(kept.backup_id)).backup_id == kept.backup_id
