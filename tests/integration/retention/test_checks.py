"""Stored backups are looked at by schedule, other packs each time, and what is damaged is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from contracts.manifest import CONTENT_BYTES
from services.platform.jobs import Worker
from services.platform.objectstore import DirectoryObjectStore
from services.platform.process.settings import RetentionSettings
from services.retention.chores import CHECK
from services.retention.work.checking import CheckJob
from tests.support.damaging import rot
from tests.support.databases import FreshDatabase
from tests.support.dumps import TocEntry, data_block, dump, dump_of_two_contents
from tests.support.events import NOON
from tests.support.eventually import eventually
from tests.support.jobs import QUICK
from tests.support.stored_backups import place_of, store_backup
from tests.support.sweeping import KEY, Sweeps, completed, open_sweeps, requested

ENVIRONMENT = UUID(int=500)
"""Its first check is in the middle of the first week."""
DUMP = dump([TocEntry(1, b"TABLE DATA", tag=b"orders")], data_block(1, b"1\tred\n"))


@asynccontextmanager
async def checking(database: FreshDatabase, directory: Path) -> AsyncIterator[Sweeps]:
    """The service, with a worker for checks."""
    async with open_sweeps(database("retention"), DirectoryObjectStore(directory), RetentionSettings()) as sweeps:
        task = asyncio.create_task(Worker(sweeps.queue, {CHECK: CheckJob(sweeps.parts)}, QUICK).run())
        try:
            yield sweeps
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def back_up(sweeps: Sweeps, documents: dict[str, bytes], first: bytes = DUMP) -> UUID:
    """A backup that is in the store and that the service has heard of."""
    body = requested(ENVIRONMENT, NOON, None)
    await store_backup(sweeps.parts.repository.of(ENVIRONMENT), documents, first, body.backup_id)
    await sweeps.hear(body, completed(body))
    return body.backup_id


async def checks(sweeps: Sweeps, count: int) -> list[dict[str, Any]]:
    """What checks have told, once there are so many."""

    async def look() -> list[dict[str, Any]] | None:
        told = [body for body in await sweeps.said() if "check_id" in body]
        return told if len(told) >= count else None

    found = await eventually(look)
    assert found is not None
    return found


async def test_every_pack_is_read_within_a_month(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    async with checking(fresh_database, tmp_path) as sweeps:
        for number in range(6):
            await back_up(sweeps, {place_of(UUID(int=number)): b"document %d" % number})
        for week in range(1, 5):
            assert (await sweeps.sweep.now()).jobs == 0
            sweeps.clock.on(days=7)
            assert (await sweeps.sweep.now()).jobs == 1
            told = (await checks(sweeps, week))[-1]
            assert (told["seed"], told["damage_count"], told["backups"]) == (25 * (week - 1), 0, 6)
        repository = sweeps.parts.repository.of(ENVIRONMENT)
        whole = await repository.check(read_percent=100, seed=0)
        assert sum(told["bytes_read"] for told in await checks(sweeps, 4)) == whole.bytes_read


async def test_rot_is_told_by_backup_document_and_table_with_the_space(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    async with checking(fresh_database, tmp_path) as sweeps:
        place, large = place_of(UUID(int=7)), dump_of_two_contents()
        backup_id = await back_up(sweeps, {place: b"a document"}, large)
        repository = sweeps.parts.repository.of(ENVIRONMENT)
        manifest = await repository.read_manifest(backup_id)
        [name] = (await repository.store_bytes(b"a document")).contents
        for rotten in (name, manifest.database.contents[1]):
            await rot(DirectoryObjectStore(tmp_path), KEY, ENVIRONMENT, rotten)
        for week in range(1, 5):
            sweeps.clock.on(days=7)
            await sweeps.sweep.now()
            told = await checks(sweeps, week)
        damages = [damage for one in told for damage in one["damages"]]
        assert {damage["backup_id"] for damage in damages} == {str(backup_id)}
        [of_document, of_dump] = sorted((damage["place"] for damage in damages), key=lambda told: "dump" in told)
        assert f"document {place}" in of_document
        assert of_dump.startswith(f"database dump, bytes {CONTENT_BYTES} to ")
        assert of_dump.endswith(": public.orders, public.items")
        assert all(one["space"]["logical_bytes"] == manifest.database.bytes + 10 for one in told)
        await back_up(sweeps, {place: b"a document"}, large)
        for week in range(5, 9):
            sweeps.clock.on(days=7)
            await sweeps.sweep.now()
            told = await checks(sweeps, week)
        assert [one["damage_count"] for one in told[4:]] == [0, 0, 0, 0]  # the next backup has stored it again


async def test_a_repository_that_cannot_be_opened_is_told_as_damaged(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    async with checking(fresh_database, tmp_path) as sweeps:
        await back_up(sweeps, {})
        (tmp_path / "keys" / str(ENVIRONMENT) / "0").unlink()
        sweeps.clock.on(days=7)
        await sweeps.sweep.now()
        [told] = await checks(sweeps, 1)
        assert told["damage_count"] == 1
        assert "bring them back" in told["damages"][0]["reason"]
        assert told["space"] is None
