"""Uploading data: the environment is cleared completely and then holds what was sent, or nothing was changed."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.errors import FailureCode
from contracts.events.archives import DataType
from contracts.events.backups import BackupCompleted, BackupFailed, BackupKind
from contracts.events.restores import RestoreFailed
from contracts.events.uploads import (
    AppServicesUnpublished,
    DataUploaded,
    EnvironmentCleared,
    UploadFailed,
    UploadRequested,
    UploadStarted,
)
from contracts.manifest import Burial, Tombstone
from services.platform.connectors.database import EnvironmentDatabase
from services.restore.work import receiving, uploading
from services.restore.work.attempt import Attempt
from services.restore.work.receiving import SafetyBackupFailedError
from tests.support.app_databases import AppDatabase
from tests.support.events import NOON
from tests.support.restore_stage import Place, RestoreStage, place_of
from tests.support.sent_archives import tar_gz, zipped

KEPT, SENT, LARGE = (place_of(number) for number in range(1, 4))
BEFORE = {KEPT: b"before", SENT: b"another"}
DOCUMENTS = {SENT: b"sent", LARGE: bytes(range(256)) * 9000}
Make = Callable[[dict[str, bytes]], bytes]
METADATA = b'{"modelVersion": "6.0.0"}'


async def dumped(app: AppDatabase, stage: RestoreStage) -> bytes:
    """A dump as pg_dump makes it."""
    async with (
        EnvironmentDatabase(app.access(), stage.workplace.tools).open_snapshot() as snapshot,
        snapshot.dump() as pieces,
    ):
        return b"".join([piece async for piece in pieces])


def files(dump: bytes | None = None) -> dict[str, bytes]:
    """What a full archive holds."""
    documents = {f"tree/{place}": data for place, data in DOCUMENTS.items()}
    return {".metadata": METADATA} | ({"db/db.backup": dump} if dump else {}) | documents


async def filled(stage: RestoreStage, destination: AppDatabase) -> Place:
    """An environment with something in it."""
    place = await stage.register(destination)
    place.put(BEFORE)
    return place


async def failure(stage: RestoreStage, upload_id: UUID) -> UploadFailed:
    """How an upload failed."""
    await stage.run(upload_id)
    failed = (await stage.said(upload_id))[-1]
    assert isinstance(failed, UploadFailed), failed
    return failed


def seize(app: AppDatabase) -> None:
    """What would run at whatever an administrator does there later."""
    app.run(
        "CREATE FUNCTION seize() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN NULL; END'",
        "CREATE EVENT TRIGGER takes_over ON ddl_command_end EXECUTE FUNCTION seize()",
        superuser=True,
    )


def assert_untouched(place: Place) -> None:
    """The environment is as it was, and nothing is left beside it."""
    assert place.documents() == BEFORE
    assert place.app.run("SELECT id FROM before") == "1"
    assert place.databases() == [place.app.name]
    assert not list(place.root.glob(".nightkeep/restores/*"))


async def ended_safety_backup(stage: RestoreStage, place: Place, backup_id: UUID, kind: Any) -> None:  # noqa: ANN401 -- one of two events
    await stage.react(kind.model_construct(backup_id=backup_id, environment_id=place.environment_id))


@pytest.mark.parametrize("make", [tar_gz, zipped])
async def test_a_full_archive_replaces_everything(
    stage: RestoreStage, small: AppDatabase, destination: AppDatabase, make: Make
) -> None:
    place = await filled(stage, destination)
    expected = small.as_text().replace(small.role, destination.role)
    sent = make(files(await dumped(small, stage)))
    upload_id = await stage.ask_upload(place, sent, app_services=("orders", "stock"))
    await stage.run(upload_id)
    started, cleared, unpublished, uploaded = await stage.said(upload_id)
    assert isinstance(started, UploadStarted)
    assert isinstance(cleared, EnvironmentCleared)
    assert isinstance(unpublished, AppServicesUnpublished)
    assert unpublished.service_names == ("orders", "stock")
    assert isinstance(uploaded, DataUploaded)
    assert uploaded.database is not None
    assert (uploaded.database.tables, uploaded.files.count, uploaded.model_version) == (1, 2, "6.0.0")
    assert {step.step for step in uploaded.steps} >= {"read what was sent, to its end", "switch the databases"}
    assert destination.as_text() == expected
    assert place.documents() == DOCUMENTS
    assert place.databases() == [destination.name]
    assert not list(place.root.glob(".nightkeep/restores/*"))


async def test_a_dump_alone_leaves_no_documents(
    stage: RestoreStage, small: AppDatabase, destination: AppDatabase
) -> None:
    place = await filled(stage, destination)
    upload_id = await stage.ask_upload(place, await dumped(small, stage), DataType.DATABASE_ONLY)
    await stage.run(upload_id)
    uploaded = (await stage.said(upload_id))[-1]
    assert isinstance(uploaded, DataUploaded), uploaded
    assert uploaded.files.count == 0
    assert destination.run("SELECT count(*) FROM customer") == "100"
    assert place.documents() == {}


@pytest.mark.parametrize("make", [tar_gz, zipped])
async def test_files_alone_leave_an_empty_database(stage: RestoreStage, destination: AppDatabase, make: Make) -> None:
    place = await filled(stage, destination)
    upload_id = await stage.ask_upload(place, make(files()), DataType.FILES_ONLY)
    await stage.run(upload_id)
    uploaded = (await stage.said(upload_id))[-1]
    assert isinstance(uploaded, DataUploaded), uploaded
    assert uploaded.database is None
    assert place.documents() == DOCUMENTS
    assert destination.run("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == "0"
    assert place.databases() == [destination.name]


async def test_an_upload_waits_for_its_safety_backup_and_names_how_that_failed(
    stage: RestoreStage, small: AppDatabase, destination: AppDatabase
) -> None:
    place, backup_id = await filled(stage, destination), uuid4()
    sent = tar_gz(files(await dumped(small, stage)))
    upload_id = await stage.ask_upload(place, sent, safety_backup_id=backup_id)
    async with stage.database.transaction() as c:
        assert await c.fetchval("SELECT held_by FROM job WHERE job_id = $1", upload_id) == f"backup {backup_id}"
    repository = stage.workplace.repository.of(place.environment_id)
    await repository.bury(
        Tombstone(
            backup_id=backup_id,
            environment_id=place.environment_id,
            buried_at=NOON,
            why=Burial.FAILED,
            code=FailureCode.LOCK_TIMEOUT,
            reason="somebody holds a lock",
        )
    )
    await ended_safety_backup(stage, place, backup_id, BackupFailed)
    failed = await failure(stage, upload_id)
    assert (failed.code, failed.reason) == (
        FailureCode.SAFETY_BACKUP_FAILED,
        "the safety backup failed: somebody holds a lock",
    )
    assert_untouched(place)


async def test_an_upload_begins_when_its_safety_backup_has_completed(
    stage: RestoreStage, small: AppDatabase, destination: AppDatabase
) -> None:
    place = await filled(stage, destination)
    safety = (await stage.back_up(place)).manifest.backup_id
    sent = tar_gz(files(await dumped(small, stage)))
    upload_id = await stage.ask_upload(place, sent, safety_backup_id=safety)
    await ended_safety_backup(stage, place, safety, BackupCompleted)
    await stage.run(upload_id)
    assert isinstance((await stage.said(upload_id))[-1], DataUploaded)
    assert place.documents() == DOCUMENTS


async def test_a_database_from_before_that_cannot_go_is_told_and_keeps_nothing_else(
    stage: RestoreStage, destination: AppDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploading, "REMOVE_SECONDS", 2.0)
    place = await filled(stage, destination)
    without = "WITH (connect = false, enabled = false, create_slot = false, slot_name = NONE)"
    destination.run(f"CREATE SUBSCRIPTION {destination.name} CONNECTION '' PUBLICATION p {without}", superuser=True)
    upload_id = await stage.ask_upload(place, tar_gz(files()), DataType.FILES_ONLY)
    await stage.run(upload_id)
    uploaded = (await stage.said(upload_id))[-1]
    assert isinstance(uploaded, DataUploaded), uploaded
    (left,) = [warning for warning in uploaded.warnings if warning.code == "PREVIOUS_NOT_REMOVED"]
    assert set(place.databases()) == {destination.name, *left.examples}
    assert place.documents() == DOCUMENTS


async def test_a_safety_backup_that_goes_while_the_upload_loads_ends_it_before_the_switch(
    stage: RestoreStage, destination: AppDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = await filled(stage, destination)
    safety = (await stage.back_up(place)).manifest.backup_id
    seen: list[object] = []

    async def seen_once(attempt: Attempt, requested: UploadRequested) -> None:
        seen.append(requested.safety_backup_id)
        if len(seen) > 1:
            raise SafetyBackupFailedError("it was deleted")

    monkeypatch.setattr(receiving, "see_safety_backup", seen_once)
    upload_id = await stage.ask_upload(place, tar_gz(files()), DataType.FILES_ONLY, safety_backup_id=safety)
    await ended_safety_backup(stage, place, safety, BackupCompleted)
    failed = await failure(stage, upload_id)
    assert (failed.code, seen) == (FailureCode.SAFETY_BACKUP_FAILED, [safety, safety])
    assert_untouched(place)


@pytest.mark.parametrize(
    ("sent", "data_type", "code", "words"),
    [
        (tar_gz({"../evil": b"x"}), DataType.FILES_ONLY, FailureCode.HOSTILE_ARCHIVE, "leads outside"),
        (tar_gz(files())[:-40], DataType.FILES_ONLY, FailureCode.ARCHIVE_DAMAGED, "cut short"),
        (b"--\n-- PostgreSQL", DataType.DATABASE_ONLY, FailureCode.WRONG_FORMAT, "plain SQL"),
        (tar_gz(files()), DataType.FILES_AND_DATABASE, FailureCode.WRONG_FORMAT, "announced as files_and_database"),
        (tar_gz(files(b"SELECT 1")), DataType.FILES_AND_DATABASE, FailureCode.WRONG_FORMAT, "pg_dump -Fc"),
        (tar_gz({".metadata": b"[]"}), DataType.FILES_ONLY, FailureCode.WRONG_FORMAT, "no JSON object"),
        (b"PGDMP\x01\x63" + bytes(500), DataType.DATABASE_ONLY, FailureCode.OLDER_SERVER, "made by newer tools"),
    ],
    ids=["hostile", "cut short", "plain SQL", "no dump in it", "another dump in it", "metadata", "a newer dump"],
)
async def test_what_is_not_right_never_reaches_the_environment(  # noqa: PLR0913, PLR0917 -- what is sent, and what is said of it
    stage: RestoreStage, destination: AppDatabase, sent: bytes, data_type: DataType, code: FailureCode, words: str
) -> None:
    place = await filled(stage, destination)
    failed = await failure(stage, await stage.ask_upload(place, sent, data_type))
    assert (failed.code, words in failed.reason, failed.retryable) == (code, True, False), failed
    assert_untouched(place)


async def test_a_document_that_comes_twice_is_refused(stage: RestoreStage, destination: AppDatabase) -> None:
    place = await filled(stage, destination)
    twice = tar_gz({f"tree/{SENT}": b"one", f"./tree/{SENT}": b"two"})
    failed = await failure(stage, await stage.ask_upload(place, twice, DataType.FILES_ONLY))
    assert (failed.code, "twice" in failed.reason) == (FailureCode.HOSTILE_ARCHIVE, True)
    assert_untouched(place)


async def test_other_bytes_than_announced_are_refused(stage: RestoreStage, destination: AppDatabase) -> None:
    place = await filled(stage, destination)
    parcel = (await stage.send(place, tar_gz(files()))).model_copy(update={"sha256": "00" * 32})
    failed = await failure(stage, await stage.ask_upload(place, b"x", DataType.FILES_ONLY, parcel=parcel))
    assert (failed.code, "announced was 0000" in failed.reason) == (FailureCode.ARCHIVE_DAMAGED, True)
    assert_untouched(place)


async def test_a_dump_that_ends_early_is_refused_before_anything_is_made(
    stage: RestoreStage, small: AppDatabase, destination: AppDatabase
) -> None:
    place = await filled(stage, destination)
    sent = (await dumped(small, stage))[:-300]
    failed = await failure(stage, await stage.ask_upload(place, sent, DataType.DATABASE_ONLY))
    assert (failed.code, "cannot be read to its end" in failed.reason) == (FailureCode.ARCHIVE_DAMAGED, True), failed
    assert_untouched(place)


async def test_what_needs_more_rights_is_named_and_refused(
    stage: RestoreStage, small: AppDatabase, destination: AppDatabase
) -> None:
    seize(small)
    place = await filled(stage, destination)
    failed = await failure(stage, await stage.ask_upload(place, await dumped(small, stage), DataType.DATABASE_ONLY))
    assert (failed.code, "takes_over" in failed.reason) == (FailureCode.MISSING_RIGHTS, True), failed
    assert_untouched(place)


async def test_an_imported_backup_is_not_restored_with_more_rights_either(
    stage: RestoreStage, small: AppDatabase, destination: AppDatabase
) -> None:
    seize(small)
    place = await filled(stage, destination)
    backup = await stage.back_up(await stage.register(small), BackupKind.UPLOADED)
    restore_id = await stage.ask(backup, place)
    await stage.run(restore_id)
    failed = (await stage.said(restore_id))[-1]
    assert isinstance(failed, RestoreFailed), failed
    assert (failed.code, "takes_over" in failed.reason) == (FailureCode.MISSING_RIGHTS, True)
    assert_untouched(place)


async def test_an_upload_is_cancelled_while_it_waits(stage: RestoreStage, destination: AppDatabase) -> None:
    place = await filled(stage, destination)
    upload_id = await stage.ask_upload(place, tar_gz(files()), DataType.FILES_ONLY, safety_backup_id=uuid4())
    await stage.ask_upload_cancel(upload_id, place)
    assert (await failure(stage, upload_id)).code is FailureCode.CANCELLED
    assert_untouched(place)
