"""Where there is no space a backup is tried again or fails with the reason, and the next one succeeds with space."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from contracts.events.backups import BackupCompleted, BackupFailed
from contracts.manifest import Tombstone
from services.platform.messaging.progress import ProgressTail
from services.platform.objectstore.s3 import S3ObjectStore
from services.platform.process.settings import KafkaSettings, S3Settings
from services.snapshot.scratch import scratch as scratch_module
from tests.support.capturing import Place
from tests.support.databases import FreshDatabase
from tests.support.eventually import eventually
from tests.support.full_store import FullStore, before
from tests.support.snapshotting import Snapshots, open_snapshots

Store = tuple[S3Settings, S3ObjectStore]
NO_ROOM = "no space is left on a disk of the service (database or disk is full): make room in its scratch directory"
created = scratch_module._created  # noqa: SLF001 -- what is made too small here


def full_at_once(path: Path) -> sqlite3.Connection:
    """The scratch file on a disk that has no room for another page."""
    connection = created(path)
    connection.execute("PRAGMA max_page_count = 1")
    return connection


async def completed_with(
    snapshots: Snapshots, place: Place, store: Store, backup_id: UUID, documents: dict[UUID, bytes]
) -> None:
    """The backup is completed, and everything can be read again."""
    completed = await snapshots.log.about(BackupCompleted, backup_id)
    repository = snapshots.repository(completed.environment_id, store[1])
    read = await repository.read_manifest(backup_id, expected_hash=completed.manifest_hash)
    assert await replace(place, repository=repository).stored(read) == documents


async def test_a_backup_without_room_for_its_lists_fails_with_that_reason_and_the_next_one_succeeds(
    snapshots: Snapshots, place: Place, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = {place.put(b"%d" % number): b"%d" % number for number in range(200)}
    async with snapshots.running():
        environment_id = await snapshots.registered(place)
        with monkeypatch.context() as full:
            full.setattr(scratch_module, "_created", full_at_once)
            backup_id = await snapshots.request(environment_id)
            failed = await snapshots.log.about(BackupFailed, backup_id)
        assert (failed.code, failed.retryable) == ("NO_SPACE", True)
        assert failed.reason == f"{NO_ROOM} (tried 5 times)"
        assert await asyncio.to_thread(left_in, snapshots.settings.scratch_directory) == []
        await completed_with(snapshots, place, store, await snapshots.request(environment_id), documents)


def left_in(directory: Path | None) -> list[Path]:
    assert directory is not None
    return list(directory.rglob("*"))


@pytest.fixture
async def full_store(store: Store) -> AsyncIterator[FullStore]:
    """A bucket that a test fills."""
    async with before(store[0]) as opened:
        yield opened


@pytest.fixture
async def on_full_store(
    kafka_settings: KafkaSettings, fresh_database: FreshDatabase, full_store: FullStore, tmp_path: Path
) -> AsyncIterator[Snapshots]:
    """The service's surroundings, with that bucket."""
    directory = tmp_path / "service"
    directory.mkdir()
    async with open_snapshots(kafka_settings, fresh_database("snapshot"), full_store.settings, directory) as opened:
        yield opened


@pytest.mark.parametrize("room", [0, 2], ids=["from the first write on", "in the middle"])
async def test_a_backup_that_finds_its_object_store_full_fails_when_there_is_room_to_say_so_and_the_next_succeeds(
    on_full_store: Snapshots, full_store: FullStore, place: Place, store: Store, room: int
) -> None:
    documents = {place.put(b"old"): b"old"}
    async with on_full_store.running():
        environment_id = await on_full_store.registered(place)
        await completed_with(on_full_store, place, store, await on_full_store.request(environment_id), documents)
        documents |= {place.put(content): content for content in (uuid4().bytes for _ in range(20))}
        full_store.room = room
        async with ProgressTail.open(on_full_store.settings.kafka) as tail:
            backup_id = await on_full_store.request(environment_id)
            await eventually(lambda: tries_are_exhausted(full_store, backup_id))
            await eventually(lambda: says_what_it_waits_for(tail, backup_id))
        assert set(await on_full_store.log.names(backup_id)) <= {"BackupStarted"}
        full_store.room = None
        failed = await on_full_store.log.about(BackupFailed, backup_id)
        assert (failed.code, failed.retryable) == ("NO_SPACE", True)
        assert failed.reason.startswith("the object store is full (XMinioStorageFull)")
        await completed_with(on_full_store, place, store, await on_full_store.request(environment_id), documents)
    repository = on_full_store.repository(environment_id, store[1])
    verdict = await repository.verdict(backup_id)
    assert verdict
    assert isinstance(verdict.decided, Tombstone)
    assert (await repository.check(read_percent=100, seed=0)).damages == []


async def test_a_backup_that_waits_for_room_says_why_and_goes_on_by_itself_when_there_is(
    on_full_store: Snapshots, full_store: FullStore, place: Place, store: Store
) -> None:
    documents = {place.put(content): content for content in (uuid4().bytes for _ in range(20))}
    patient = on_full_store.settings.worker.model_copy(update={"tries": 10_000})
    patiently = replace(on_full_store, settings=on_full_store.settings.model_copy(update={"worker": patient}))
    async with ProgressTail.open(patiently.settings.kafka) as tail, patiently.running():
        environment_id = await patiently.registered(place)
        full_store.room = 2
        backup_id = await patiently.request(environment_id)
        why = await eventually(lambda: trouble(tail, backup_id))
        assert why.startswith("the object store is full (XMinioStorageFull)")
        full_store.room = None
        await completed_with(patiently, place, store, backup_id, documents)


async def says_what_it_waits_for(tail: ProgressTail, backup_id: UUID) -> bool:
    """Whether watchers hear that a backup has failed before that can be recorded."""
    return "(tried 5 times); that it failed can be recorded later only" in await trouble(tail, backup_id)


async def trouble(tail: ProgressTail, backup_id: UUID) -> str:
    """Why a backup waits, as far as watchers are told."""
    note = tail.newest(backup_id)
    return (note.trouble or "") if note else ""


async def tries_are_exhausted(store: FullStore, backup_id: UUID) -> bool:
    """Whether the tombstone has found no room either: nothing but saying so is left."""
    return any(path.endswith(f"/manifests/{backup_id}") for path in store.refused)
