"""The snapshot service by its front door: events on the log in, events on the log out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.defaults import READ_ALL_EVERY_DAYS
from contracts.errors import FailureCode
from contracts.events.apps import EnvironmentRemoved
from contracts.events.archives import DataType
from contracts.events.backups import BackupCompleted, BackupFailed, BackupKind, BackupStarted, References
from contracts.events.restores import RestoreFailed, RestoreRequested
from contracts.events.uploads import UploadFailed, UploadRequested
from contracts.manifest import Burial, Tombstone
from contracts.values import Parcel, S3Files, Severity
from services.platform.messaging.progress import ProgressTail
from services.platform.objectstore.s3 import S3ObjectStore
from services.platform.process.settings import ClockSettings, S3Settings
from tests.support.capturing import DOCUMENTS_QUERY, Place
from tests.support.events import NOON
from tests.support.full_store import FullStore, before
from tests.support.histories import History
from tests.support.manifests import manifest, tombstone
from tests.support.moved_clock import MovedBy
from tests.support.snapshotting import Snapshots

Store = tuple[S3Settings, S3ObjectStore]


def restore_requested(snapshots: Snapshots, environment_id: UUID) -> RestoreRequested:
    return RestoreRequested(
        restore_id=uuid4(),
        backup_id=uuid4(),
        app_id=snapshots.app_id,
        environment_id=environment_id,
        source_environment_id=environment_id,
        database_only=True,
        requested_at=NOON,
        requested_by="Ada",
        model_version=None,
        manifest_key="k",
        manifest_hash="h",
        warnings=(),
    )


def upload_requested(snapshots: Snapshots, environment_id: UUID) -> UploadRequested:
    return UploadRequested(
        upload_id=uuid4(),
        app_id=snapshots.app_id,
        environment_id=environment_id,
        parcel=Parcel(parcel_id=uuid4(), size_bytes=1, part_bytes=1, sha256="0f" * 32),
        data_type=DataType.FILES_ONLY,
        requested_at=NOON,
        requested_by="Ada",
        safety_backup_id=uuid4(),
        app_services=(),
    )


async def end(snapshots: Snapshots, requested: RestoreRequested) -> None:
    """The restore service tells that it is over."""
    failed = RestoreFailed(
        restore_id=requested.restore_id,
        environment_id=requested.environment_id,
        finished_at=NOON,
        code=FailureCode.INTERNAL,
        reason="of a test",
        retryable=False,
    )
    await snapshots.log.say(failed, "restore", "restore", requested.restore_id)


async def test_a_requested_backup_is_completed_and_its_manifest_says_the_same(
    snapshots: Snapshots, place: Place, store: Store
) -> None:
    documents = {place.put(b"%d" % number): b"%d" % number for number in range(50)}
    missing = uuid4()
    place.refer(missing, 5)
    async with snapshots.running():
        environment_id = await snapshots.registered(place)
        backup_id = await snapshots.request(environment_id)
        completed = await snapshots.log.about(BackupCompleted, backup_id)
    assert await snapshots.log.names(backup_id) == ["BackupStarted", "BackupCompleted"]
    assert (completed.files.count, completed.files.new_count, completed.dangling_count) == (50, 50, 1)
    assert completed.references is References.PROVEN
    assert [warning.code for warning in completed.warnings] == ["DANGLING_REFERENCES"]
    assert completed.steps
    repository = snapshots.repository(environment_id, store[1])
    read = await repository.read_manifest(backup_id, expected_hash=completed.manifest_hash)
    assert read.restore_point == completed.restore_point
    assert read.backup.created_by == "Ada"
    assert completed.stored_bytes == read.stored_bytes
    assert await replace(place, repository=repository).stored(read) == documents


async def test_a_backup_waits_for_the_end_of_a_restore(snapshots: Snapshots, place: Place) -> None:
    async with snapshots.running():
        environment_id = await snapshots.registered(place)
        restore = restore_requested(snapshots, environment_id)
        await snapshots.log.say(restore, "catalog", "restore", restore.restore_id)
        held = await snapshots.request(environment_id)
        elsewhere = await snapshots.registered(place)
        free = await snapshots.request(elsewhere)
        await snapshots.log.about(BackupCompleted, free)
        assert await snapshots.log.names(held) == []
        await end(snapshots, restore)
        await snapshots.log.about(BackupCompleted, held)


@pytest.mark.parametrize("ends_well", [True, False])
async def test_a_backup_waits_for_the_end_of_a_shredding(
    snapshots: Snapshots, place: Place, *, ends_well: bool
) -> None:
    async with snapshots.running():
        environment_id, shred_id = await snapshots.registered(place), uuid4()
        history = History()
        history.environment_id = environment_id
        asked = history.body("ShreddingRequested", shred_id=shred_id)
        await snapshots.log.say(asked, "catalog", "environment", environment_id)
        held = await snapshots.request(environment_id)
        free = await snapshots.request(await snapshots.registered(place))
        await snapshots.log.about(BackupCompleted, free)
        assert await snapshots.log.names(held) == []
        end_of_it = history.body("BackupsShredded" if ends_well else "ShreddingFailed", shred_id=shred_id)
        await snapshots.log.say(end_of_it, "retention", "shredding", shred_id)
        await snapshots.log.about(BackupCompleted, held)


async def test_a_safety_backup_does_not_wait_for_its_upload_and_others_do(snapshots: Snapshots, place: Place) -> None:
    async with snapshots.running():
        environment_id = await snapshots.registered(place)
        upload = upload_requested(snapshots, environment_id)
        await snapshots.log.say(upload, "catalog", "upload", upload.upload_id)
        held = await snapshots.request(environment_id)
        safety = await snapshots.request(environment_id, kind=BackupKind.SAFETY)
        await snapshots.log.about(BackupCompleted, safety)
        assert await snapshots.log.names(held) == []
        ids = {"upload_id": upload.upload_id, "environment_id": environment_id}
        failed = UploadFailed(**ids, finished_at=NOON, code=FailureCode.CANCELLED, reason="of a test", retryable=False)
        await snapshots.log.say(failed, "restore", "upload", upload.upload_id)
        await snapshots.log.about(BackupCompleted, held)


async def test_a_backup_that_waits_can_be_cancelled(snapshots: Snapshots, place: Place, store: Store) -> None:
    async with snapshots.running():
        environment_id = await snapshots.registered(place)
        restore = restore_requested(snapshots, environment_id)
        await snapshots.log.say(restore, "catalog", "restore", restore.restore_id)
        backup_id = await snapshots.request(environment_id)
        await snapshots.cancel(backup_id, environment_id)
        failed = await snapshots.log.about(BackupFailed, backup_id)
    assert (failed.code, failed.reason) == (FailureCode.CANCELLED, "cancelled by user:ada")
    verdict = await snapshots.repository(environment_id, store[1]).verdict(backup_id)
    assert verdict
    assert isinstance(verdict.decided, Tombstone)
    assert verdict.decided.why is Burial.CANCELLED


async def test_a_running_backup_can_be_cancelled(snapshots: Snapshots, place: Place) -> None:
    place.database.run("CREATE TABLE held (id int)")
    async with snapshots.running():
        environment_id = await snapshots.registered(place)
        async with place.locked("held"):
            backup_id = await snapshots.request(environment_id)
            await snapshots.log.about(BackupStarted, backup_id)
            await snapshots.cancel(backup_id, environment_id)
            failed = await snapshots.log.about(BackupFailed, backup_id)
        assert failed.code is FailureCode.CANCELLED
        again = await snapshots.request(environment_id)
        await snapshots.log.about(BackupCompleted, again)


async def test_a_manifest_that_is_there_decides_even_against_a_cancellation(
    snapshots: Snapshots, place: Place, store: Store
) -> None:
    async with snapshots.running():
        environment_id = await snapshots.registered(place)
        restore = restore_requested(snapshots, environment_id)
        await snapshots.log.say(restore, "catalog", "restore", restore.restore_id)
        repository = snapshots.repository(environment_id, store[1])
        backup_id = uuid4()
        written = manifest(backup_id, environment_id, repository.key_id)
        await repository.put_manifest(written)
        await snapshots.request(environment_id, backup_id)
        await snapshots.cancel(backup_id, environment_id)
        completed = await snapshots.log.about(BackupCompleted, backup_id)
    assert completed.database.bytes == written.database.bytes


async def test_a_takeover_adopts_the_manifest_of_the_worker_before(
    snapshots: Snapshots, place: Place, store: Store
) -> None:
    async with snapshots.running():
        environment_id = await snapshots.registered(place)
        repository = snapshots.repository(environment_id, store[1])
        backup_id = uuid4()
        written = manifest(backup_id, environment_id, repository.key_id)
        await repository.put_manifest(written)
        await snapshots.request(environment_id, backup_id)
        completed = await snapshots.log.about(BackupCompleted, backup_id)
    assert completed.restore_point == written.restore_point


async def test_a_tombstone_that_is_there_fails_the_backup_with_its_words(
    snapshots: Snapshots, place: Place, store: Store
) -> None:
    async with snapshots.running():
        environment_id = await snapshots.registered(place)
        repository = snapshots.repository(environment_id, store[1])
        backup_id = uuid4()
        await repository.bury(tombstone(backup_id, environment_id))
        await snapshots.request(environment_id, backup_id)
        failed = await snapshots.log.about(BackupFailed, backup_id)
    assert (failed.code, failed.reason) == (FailureCode.DATABASE_UNREACHABLE, "connection refused")
    assert failed.finished_at == tombstone().buried_at


async def test_a_backup_of_a_removed_environment_fails_and_says_so(snapshots: Snapshots, place: Place) -> None:
    async with snapshots.running():
        environment_id = await snapshots.registered(place)
        removed = EnvironmentRemoved(app_id=snapshots.app_id, environment_id=environment_id)
        await snapshots.log.say(removed, "catalog", "environment", environment_id)
        backup_id = await snapshots.request(environment_id)
        failed = await snapshots.log.about(BackupFailed, backup_id)
    assert failed.code is FailureCode.ENVIRONMENT_REMOVED
    assert not failed.retryable


async def test_documents_that_are_gone_fail_the_backup_and_leave_a_tombstone(
    snapshots: Snapshots, place: Place, store: Store
) -> None:
    async with snapshots.running():
        environment_id = await snapshots.registered(place)
        place.documents.rename(place.documents.with_name("elsewhere"))
        backup_id = await snapshots.request(environment_id)
        failed = await snapshots.log.about(BackupFailed, backup_id)
    assert failed.code is FailureCode.DOCUMENTS_UNREACHABLE
    assert str(place.documents) in failed.reason
    verdict = await snapshots.repository(environment_id, store[1]).verdict(backup_id)
    assert verdict
    assert isinstance(verdict.decided, Tombstone)


async def test_a_backup_asked_for_while_the_service_was_down_is_taken_when_it_is_back(
    snapshots: Snapshots, place: Place
) -> None:
    async with snapshots.running():
        environment_id = await snapshots.registered(place)
    backup_id = await snapshots.request(environment_id)
    assert await snapshots.log.names(backup_id) == []
    async with snapshots.running():
        await snapshots.log.about(BackupCompleted, backup_id)


async def test_nothing_is_left_in_the_scratch_directory(snapshots: Snapshots, place: Place) -> None:
    async with snapshots.running():
        environment_id = await snapshots.registered(place)
        await snapshots.log.about(BackupCompleted, await snapshots.request(environment_id))
    scratch = snapshots.settings.scratch_directory
    assert scratch
    assert list(scratch.iterdir()) == []


async def test_a_check_of_what_is_well_passes_and_names_the_server(snapshots: Snapshots, place: Place) -> None:
    async with snapshots.running():
        checked = await snapshots.checked(await snapshots.register(place.database, place.documents))
    assert checked.passed
    assert checked.server_version
    assert checked.server_version.startswith("18.")
    assert "DOCUMENTS_FREE_SPACE" in {finding.code for finding in checked.findings}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"password": "wrong"}, FailureCode.AUTHENTICATION_FAILED),
        ({"port": 1}, FailureCode.DATABASE_UNREACHABLE),
        ({"secret": "secret:nobody-stored-it"}, FailureCode.SECRET_MISSING),
        ({"documents": "/no/such/directory"}, FailureCode.DOCUMENTS_UNREACHABLE),
    ],
    ids=["a wrong password", "nobody listens", "a secret that is not there", "a directory that is not there"],
)
async def test_a_check_names_what_stands_in_the_way(
    snapshots: Snapshots, place: Place, change: dict[str, Any], code: FailureCode
) -> None:
    documents = Path(change.pop("documents", place.documents))
    if "password" in change:
        change["password"] = snapshots.put_secret(change["password"])
    if "secret" in change:
        change = {"password": change["secret"]}
    async with snapshots.running():
        environment_id = await snapshots.register(place.database, documents, **change)
        checked = await snapshots.checked(environment_id)
    assert not checked.passed
    assert code in {finding.code for finding in checked.findings if finding.severity is Severity.ERROR}


async def test_progress_of_a_backup_is_told(snapshots: Snapshots, place: Place) -> None:
    for number in range(200):
        place.put(b"%d" % number, row=False)
    async with ProgressTail.open(snapshots.settings.kafka) as tail, snapshots.running():
        environment_id = await snapshots.registered(place)
        backup_id = await snapshots.request(environment_id)
        async with asyncio.timeout(120), aclosing(tail.watch(backup_id)) as notes:  # type: ignore[type-var]  # -- a generator
            async for note in notes:
                if note.step == note.steps:
                    break
    assert (note.entity, note.environment_id, note.steps) == ("backup", environment_id, 4)


async def test_every_document_is_read_again_when_that_is_asked_for_and_when_its_time_has_come(
    snapshots: Snapshots, place: Place, tmp_path: Path
) -> None:
    clock = MovedBy(tmp_path / "moved-by")
    clock.to(NOON)
    settings = snapshots.settings.model_copy(update={"clock": ClockSettings(moved_by_file=clock.path)})
    place.put(b"a document")
    async with replace(snapshots, settings=settings).running():
        environment_id = await snapshots.registered(place)

        async def read_all(kind: BackupKind = BackupKind.ON_DEMAND, *, asked: bool = False) -> bool:
            backup_id = await snapshots.request(environment_id, kind=kind, read_all=asked)
            completed = await snapshots.log.about(BackupCompleted, backup_id)
            return "read all documents" in {one.step for one in completed.steps}

        assert not await read_all()
        assert await read_all(asked=True)
        assert not await read_all(BackupKind.NIGHTLY)
        clock.on(days=READ_ALL_EVERY_DAYS)
        assert not await read_all()
        assert await read_all(BackupKind.NIGHTLY)
        assert not await read_all(BackupKind.NIGHTLY)


@pytest.fixture
async def seen(store: Store) -> AsyncIterator[FullStore]:
    """The same server as an app's own; it has room, and tells what it was asked for."""
    async with before(store[0]) as opened:
        yield opened


def read_of(seen: FullStore) -> set[UUID]:
    """The documents that somebody read; a listing asks for the bucket, and what a probe asks for has no such name."""
    names = [PurePosixPath(path) for method, path in map(str.split, seen.asked) if method == "GET"]
    return {UUID(path.name) for path in names if path.parent.name == "documents" and path.name != "readme.txt"}


async def test_documents_in_a_bucket_are_backed_up_and_read_once(
    snapshots: Snapshots, place: Place, store: Store, seen: FullStore
) -> None:
    contents = {uuid4(): b"%d" % number for number in range(5)}
    for document_id, content in contents.items():
        place.refer(document_id, len(content))
        await store[1].put(f"app/documents/{document_id}", content)
    await store[1].put("app/documents/readme.txt", b"stray")
    files = S3Files(
        bucket=store[0].bucket,
        prefix=f"{store[0].prefix}/app/documents",
        endpoint_url=seen.settings.endpoint_url,
        credentials=snapshots.put_secret(f"{store[0].access_key_id}:{store[0].secret_access_key.get_secret_value()}"),
    )
    async with snapshots.running():
        environment_id = await snapshots.register(place.database, files, DOCUMENTS_QUERY)
        assert (await snapshots.checked(environment_id)).passed
        first = await snapshots.log.about(BackupCompleted, await snapshots.request(environment_id))
        assert read_of(seen) == set(contents)
        seen.asked.clear()
        backup_id = await snapshots.request(environment_id)
        second = await snapshots.log.about(BackupCompleted, backup_id)
        assert seen.asked, "the second night asks the app's bucket what is there"
        assert read_of(seen) == set()
    assert (first.files.count, first.files.new_count, second.files.count, second.files.new_count) == (5, 5, 5, 0)
    assert [warning.code for warning in second.warnings] == ["STRAY_FILES"]
    repository = snapshots.repository(environment_id, store[1])
    read = await repository.read_manifest(backup_id)
    assert await replace(place, repository=repository).stored(read) == contents
