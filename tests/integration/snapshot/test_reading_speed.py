"""A source is read no faster than its operator has said, and what that costs its database is told."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace

import pytest

from contracts.events.backups import BackupCompleted, BackupStarted
from services.platform.connectors.files.directory_reader import PIECE_BYTES
from services.platform.connectors.files.pacing import SMALL_BYTES
from services.platform.process.settings import SourceSettings
from services.snapshot.source import Throttle
from tests.support.capturing import Place
from tests.support.snapshotting import Snapshots

LIMIT = 2 * PIECE_BYTES
"""Bytes a second; what is put is that much, so it takes a second, many times as long as without a limit."""
CLOCK_SECONDS = 0.05
"""A sleep may end so much too early by another clock, and times are told in milliseconds."""


def put_large_documents(place: Place) -> None:
    """Each is read alone."""
    for _ in range(LIMIT // (2 * SMALL_BYTES)):
        place.put(os.urandom(2 * SMALL_BYTES))


def put_small_documents(place: Place) -> None:
    """They are read by the bundle."""
    for _ in range(2 * LIMIT // SMALL_BYTES):
        place.put(os.urandom(SMALL_BYTES // 2))


def put_rows(place: Place) -> None:
    """They are read by the dump."""
    place.database.run("CREATE TABLE note AS SELECT repeat('x', 1024) AS text FROM generate_series(1, 2048)")


@pytest.mark.parametrize("put", [put_large_documents, put_small_documents, put_rows])
async def test_a_source_is_read_no_faster_than_it_may_be(place: Place, put: Callable[[Place], None]) -> None:
    put(place)
    began = asyncio.get_running_loop().time()
    captured = await place.capture(throttle=Throttle(LIMIT))
    took_seconds = asyncio.get_running_loop().time() - began
    read_bytes = captured.database.bytes + captured.files.bytes
    assert read_bytes >= LIMIT
    assert took_seconds >= read_bytes / LIMIT - CLOCK_SECONDS


async def test_the_snapshot_is_told_as_held_for_as_long_as_the_dump_was_read(place: Place) -> None:
    put_rows(place)
    began = asyncio.get_running_loop().time()
    captured = await place.capture(throttle=Throttle(LIMIT))
    took_seconds = asyncio.get_running_loop().time() - began
    least_seconds = captured.database.bytes / LIMIT - CLOCK_SECONDS
    assert least_seconds <= captured.database.snapshot_held_seconds <= took_seconds + CLOCK_SECONDS


async def test_the_services_setting_limits_dump_and_documents_together(snapshots: Snapshots, place: Place) -> None:
    put_small_documents(place)
    put_rows(place)
    limited = snapshots.settings.model_copy(update={"source": SourceSettings(read_bytes_per_second=LIMIT)})
    async with replace(snapshots, settings=limited).running():
        environment_id = await snapshots.registered(place)
        backup_id = await snapshots.request(environment_id)
        completed = await snapshots.log.about(BackupCompleted, backup_id)
        started = await snapshots.log.about(BackupStarted, backup_id)
    took_seconds = (completed.finished_at - started.started_at).total_seconds()
    read_bytes = completed.database.bytes + completed.files.bytes
    assert read_bytes >= 2 * LIMIT
    assert took_seconds >= read_bytes / LIMIT - CLOCK_SECONDS
    [dump_seconds] = [one.seconds for one in completed.steps if one.step == "dump the database"]
    assert completed.database.snapshot_held_seconds >= dump_seconds
