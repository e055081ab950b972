"""Restoring an environment, database and documents as one."""

from contracts.events.restores import (
    PreflightCompleted,
    PreviousStateRemoved,
    RestoreCompleted,
    RestoreFailed,
    RestoreStarted,
    RestoreUndoFailed,
    RestoreUndone,
)
from contracts.values import Severity, Warning  # noqa: A004 -- the product's word
from tests.support.app_databases import AppDatabase
from tests.support.restore_stage import RestoreStage, place_of
from tests.support.restoring import connect

SAME, OTHER, ABSENT, EXTRA, ADDED_SINCE = (place_of(number) for number in range(1, 6))
BACKED_UP = {SAME: b"same", OTHER: b"the backup's", ABSENT: b"absent"}
BEFORE = {SAME: b"same", OTHER: b"another", EXTRA: b"extra"}


async def test_the_destination_holds_exactly_the_backup(
    stage: RestoreStage, source: AppDatabase, destination: AppDatabase
) -> None:
    production, acceptance = await stage.register(source), await stage.register(destination)
    production.put(BACKED_UP)
    acceptance.put(BEFORE)
    expected = source.as_text().replace(source.role, destination.role)
    backup = await stage.back_up(production)
    source.run("UPDATE customer SET name = 'changed since'")
    warned = Warning(code="OLDER_MODEL_VERSION", message="older")
    restore_id = await stage.ask(backup, acceptance, warnings=(warned,))
    await stage.run(restore_id)
    started, completed = await stage.said(restore_id)
    assert isinstance(started, RestoreStarted)
    assert isinstance(completed, RestoreCompleted), completed
    assert destination.as_text() == expected
    assert acceptance.documents() == BACKED_UP
    assert completed.database.bytes == backup.manifest.database.bytes
    assert completed.database.tables == 4
    assert completed.files is not None
    counts = completed.files
    assert (counts.count, counts.added_count, counts.replaced_count, counts.set_aside_count) == (3, 1, 1, 1)
    assert completed.warnings == (warned,)
    assert completed.steps
    assert {step.step for step in completed.steps} >= {"load the dump", "switch the databases"}
    assert acceptance.databases() == [destination.name, completed.database.previous_database]


async def test_a_restore_of_the_database_alone_leaves_the_documents(
    stage: RestoreStage, small: AppDatabase, destination: AppDatabase
) -> None:
    production, acceptance = await stage.register(small), await stage.register(destination)
    production.put(BACKED_UP)
    acceptance.put(BEFORE)
    restore_id = await stage.ask(await stage.back_up(production), acceptance, database_only=True)
    await stage.run(restore_id)
    _, completed = await stage.said(restore_id)
    assert isinstance(completed, RestoreCompleted)
    assert completed.files is None
    assert acceptance.documents() == BEFORE
    assert destination.run("SELECT count(*) FROM customer") == "100"


async def test_an_environment_is_restored_into_itself(stage: RestoreStage, small: AppDatabase) -> None:
    production = await stage.register(small)
    production.put(BACKED_UP)
    backup = await stage.back_up(production)
    small.run("DELETE FROM customer WHERE id > 10")
    (production.root / OTHER).write_bytes(b"altered")
    restore_id = await stage.ask(backup, production)
    await stage.run(restore_id)
    assert small.run("SELECT count(*) FROM customer") == "100"
    assert production.documents() == BACKED_UP


async def test_sessions_that_were_ended_are_named(
    stage: RestoreStage, small: AppDatabase, destination: AppDatabase
) -> None:
    production, acceptance = await stage.register(small), await stage.register(destination)
    session = await connect(destination, application="an old pool")
    restore_id = await stage.ask(await stage.back_up(production), acceptance)
    await stage.run(restore_id)
    _, completed = await stage.said(restore_id)
    assert "an old pool" in completed.sessions_ended[0]
    await session.close()


async def test_an_undo_brings_back_database_and_documents(
    stage: RestoreStage, small: AppDatabase, destination: AppDatabase
) -> None:
    production, acceptance = await stage.register(small), await stage.register(destination)
    production.put(BACKED_UP)
    acceptance.put(BEFORE)
    before = destination.as_text()
    restore_id = await stage.ask(await stage.back_up(production), acceptance)
    await stage.run(restore_id)
    destination.run("DELETE FROM customer")
    acceptance.put({ADDED_SINCE: b"added since"})
    await stage.run(await stage.ask_undo(restore_id, acceptance))
    *_, undone = await stage.said(restore_id)
    assert isinstance(undone, RestoreUndone), undone
    assert [warning.code for warning in undone.warnings] == ["ORPHANS"]
    assert destination.as_text() == before
    assert acceptance.documents() == BEFORE | {ADDED_SINCE: b"added since"}
    assert acceptance.databases() == [destination.name]


async def test_a_second_restore_within_the_grace_can_be_undone_and_the_first_removed(
    stage: RestoreStage, small: AppDatabase, destination: AppDatabase
) -> None:
    production, acceptance = await stage.register(small), await stage.register(destination)
    production.put(BACKED_UP)
    acceptance.put(BEFORE)
    backup = await stage.back_up(production)
    first = await stage.ask(backup, acceptance)
    await stage.run(first)
    destination.run("DELETE FROM customer WHERE id > 50")
    (acceptance.root / SAME).write_bytes(b"altered")
    second = await stage.ask(backup, acceptance)
    await stage.run(second)
    assert destination.run("SELECT count(*) FROM customer") == "100"
    await stage.run(await stage.end_grace(first, acceptance))
    *_, removed = await stage.said(first)
    assert isinstance(removed, PreviousStateRemoved)
    assert removed.database
    assert removed.documents_count == 2
    await stage.run(await stage.ask_undo(second, acceptance))
    assert destination.run("SELECT count(*) FROM customer") == "50"
    assert acceptance.documents() == BACKED_UP | {SAME: b"altered"}


async def test_nothing_is_left_when_the_grace_has_ended(
    stage: RestoreStage, small: AppDatabase, destination: AppDatabase
) -> None:
    production, acceptance = await stage.register(small), await stage.register(destination)
    production.put(BACKED_UP)
    acceptance.put(BEFORE)
    restore_id = await stage.ask(await stage.back_up(production), acceptance)
    await stage.run(restore_id)
    await stage.run(await stage.end_grace(restore_id, acceptance))
    assert acceptance.databases() == [destination.name]
    assert acceptance.documents() == BACKED_UP
    assert not [path for path in acceptance.root.rglob("*") if path.is_file() and ".nightkeep" in str(path)]
    await stage.run(await stage.ask_undo(restore_id, acceptance))
    *_, failed = await stage.said(restore_id)
    assert isinstance(failed, RestoreUndoFailed)
    assert failed.code == "PREVIOUS_STATE_GONE"
    assert destination.run("SELECT count(*) FROM customer") == "100"


async def test_a_preflight_looks_and_changes_nothing(
    stage: RestoreStage, source: AppDatabase, destination: AppDatabase
) -> None:
    production, acceptance = await stage.register(source), await stage.register(destination)
    acceptance.put(BEFORE)
    before = destination.as_text()
    session = await connect(destination, application="a report")
    preflight_id = await stage.ask_preflight(await stage.back_up(production), acceptance)
    await stage.run(preflight_id)
    (completed,) = await stage.said(preflight_id)
    assert isinstance(completed, PreflightCompleted)
    assert completed.passed, completed.findings
    assert "a report" in str([finding for finding in completed.findings if finding.code == "OPEN_SESSIONS"])
    assert destination.as_text() == before
    assert acceptance.documents() == BEFORE
    assert acceptance.databases() == [destination.name]
    await session.close()


async def test_what_would_refuse_a_restore_fails_its_preflight(
    stage: RestoreStage, small: AppDatabase, destination: AppDatabase
) -> None:
    production, acceptance = await stage.register(small), await stage.register(destination)
    busy = Warning(code="ENVIRONMENT_BUSY", message="a backup runs there")
    preflight_id = await stage.ask_preflight(await stage.back_up(production), acceptance, warnings=(busy,))
    await stage.run(preflight_id)
    (completed,) = await stage.said(preflight_id)
    assert not completed.passed
    assert (completed.findings[0].code, completed.findings[0].severity) == ("ENVIRONMENT_BUSY", Severity.ERROR)


async def test_a_restore_that_is_told_twice_happens_once(
    stage: RestoreStage, small: AppDatabase, destination: AppDatabase
) -> None:
    production, acceptance = await stage.register(small), await stage.register(destination)
    restore_id = await stage.ask(await stage.back_up(production), acceptance)
    await stage.run(restore_id)
    said = await stage.said(restore_id)
    async with stage.working():
        await stage.ended(restore_id)
    assert await stage.said(restore_id) == said
    assert not [event for event in said if isinstance(event, RestoreFailed)]
