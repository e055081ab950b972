"""What a backup builds upon: the newest one that is there, which saves reading and storing what has not changed."""

from uuid import UUID

import structlog

from contracts.events.backups import BackupCompleted
from contracts.manifest import Burial
from services.platform.objectstore.s3 import S3ObjectStore
from services.platform.process.settings import S3Settings
from tests.support.capturing import Place
from tests.support.manifests import tombstone
from tests.support.snapshotting import Snapshots

Store = tuple[S3Settings, S3ObjectStore]


async def test_the_second_backup_builds_upon_the_first(snapshots: Snapshots, place: Place, store: Store) -> None:
    place.put(b"old")
    async with snapshots.running():
        environment_id = await snapshots.registered(place)
        first = await snapshots.request(environment_id)
        await snapshots.log.about(BackupCompleted, first)
        place.put(b"newer")
        second = await snapshots.request(environment_id)
        completed = await snapshots.log.about(BackupCompleted, second)
    assert (completed.files.count, completed.files.new_count, completed.files.new_bytes) == (2, 1, 5)
    read = await snapshots.repository(environment_id, store[1]).read_manifest(second)
    assert read.previous_backup_id == first


async def test_what_a_night_reads_of_the_one_before_is_told_beside_what_it_stores(place: Place) -> None:
    place.database.run("INSERT INTO document SELECT gen_random_uuid(), n FROM generate_series(1, 100000) AS n")
    with structlog.testing.capture_logs() as lines:
        first = await place.capture()
        await place.repository.put_manifest(whole := place.manifest(first))
        place.database.run("DELETE FROM document WHERE size % 100 = 0")
        second = await place.capture(previous=whole)
    told = [line for line in lines if line["event"] == "dump stored"]
    assert [line["bytes"] for line in told] == [first.database.bytes, second.database.bytes]
    assert [line["stored_bytes"] for line in told] == [first.database.stored_bytes, second.database.stored_bytes]
    assert told[0]["read_back_bytes"] == 0
    assert told[1]["read_back_bytes"] > first.database.stored_bytes / 2


async def test_after_the_newest_was_deleted_the_next_one_builds_upon_the_one_before(
    snapshots: Snapshots, place: Place, store: Store
) -> None:
    place.put(b"old")
    async with snapshots.running():
        environment_id = await snapshots.registered(place)
        taken = list[UUID]()
        for _ in range(2):
            taken.append(await snapshots.request(environment_id))
            await snapshots.log.about(BackupCompleted, taken[-1])
        repository = snapshots.repository(environment_id, store[1])
        await repository.erase_manifest(tombstone(taken[-1], environment_id, Burial.DELETED))
        third = await snapshots.request(environment_id)
        completed = await snapshots.log.about(BackupCompleted, third)
    assert completed.files.new_count == 0
    assert (await repository.read_manifest(third)).previous_backup_id == taken[0]
