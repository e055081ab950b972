"""What a preflight tells it has looked at; one that is cancelled, while it waits and in the middle of its look."""

import asyncio
from dataclasses import replace
from uuid import UUID

from contracts.events.restores import PreflightCancelRequested, PreflightCompleted, RestoreCompleted
from contracts.facts import Facts
from contracts.values import Finding, RunState, Severity
from services.platform.connectors.database.access import DatabaseAccess
from services.platform.connectors.database.connection import Connection
from services.platform.process.settings import WorkerSettings
from services.restore.handlers import PREFLIGHT, RESTORE
from services.restore.work.preflighting import PreflightJob
from tests.support.app_databases import AppDatabase
from tests.support.dying import Dying
from tests.support.eventually import eventually
from tests.support.restore_stage import Place, RestoreStage, StoredBackup, place_of
from tests.support.restoring import connect

CANCELLED = Finding(code="CANCELLED", severity=Severity.ERROR, subject="", message="cancelled by user:ada")


async def cancel(stage: RestoreStage, preflight_id: UUID, place: Place) -> None:
    await stage.react(PreflightCancelRequested(preflight_id=preflight_id, environment_id=place.environment_id))


async def test_a_preflight_that_waits_behind_a_restore_is_cancelled_and_the_restore_goes_on(
    stage: RestoreStage, small: AppDatabase, destination: AppDatabase
) -> None:
    production, acceptance = await stage.register(small), await stage.register(destination)
    backup = await stage.back_up(production)
    restore_id = await stage.ask(backup, acceptance)
    restoring = Dying(stage.kinds()[RESTORE], "look at the destination and at the backup")
    as_served = WorkerSettings()
    async with stage.working({**stage.kinds(), RESTORE: restoring}, as_served):
        await restoring.stopped.wait()
        preflight_id = await stage.ask_preflight(backup, acceptance)
        await cancel(stage, preflight_id, acceptance)
        await stage.ended(preflight_id)
        restoring.wakes_up.set()
        await stage.ended(restore_id)
    (completed,) = await stage.said(preflight_id)
    assert isinstance(completed, PreflightCompleted)
    assert (completed.passed, completed.findings) == (False, (CANCELLED,))
    assert isinstance((await stage.said(restore_id))[-1], RestoreCompleted)


async def test_a_preflight_stops_in_the_middle_of_its_look_and_changes_nothing(
    stage: RestoreStage, small: AppDatabase, destination: AppDatabase
) -> None:
    production, acceptance = await stage.register(small), await stage.register(destination)
    before, looking = destination.as_text(), asyncio.Event()

    async def never(_connection: Connection, _access: DatabaseAccess) -> int | None:
        looking.set()
        await asyncio.Event().wait()
        return None

    preflight_id = await stage.ask_preflight(await stage.back_up(production), acceptance)
    slow = replace(stage.workplace, free_space=never)
    async with stage.working({PREFLIGHT: PreflightJob(slow)}):
        await looking.wait()
        await cancel(stage, preflight_id, acceptance)
        await stage.ended(preflight_id)
    (completed,) = await stage.said(preflight_id)
    assert (completed.passed, completed.findings) == (False, (CANCELLED,))
    assert destination.as_text() == before
    sessions = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    )

    async def nobody_is_there() -> bool:
        return await asyncio.to_thread(destination.run, sessions) == "0"

    await eventually(nobody_is_there)


async def test_a_cancellation_behind_the_findings_changes_nothing_of_them(
    stage: RestoreStage, small: AppDatabase, destination: AppDatabase
) -> None:
    production, acceptance = await stage.register(small), await stage.register(destination)
    backup = await stage.back_up(production)
    preflight_id = await stage.ask_preflight(backup, acceptance)
    await stage.run(preflight_id)
    await cancel(stage, preflight_id, acceptance)
    await stage.run(await stage.ask_preflight(backup, acceptance))  # a worker has looked again, and had work
    async with stage.database.transaction() as c:
        assert await c.fetchval("SELECT cancelled_by FROM job WHERE job_id = $1", preflight_id) is None
    (completed,) = await stage.said(preflight_id)
    assert completed.passed, completed.findings


ASKED_WITH = Facts(run_state=RunState.STOPPED, model_version="7.10.0", backup_model_version="7.9.0")
"""What the catalog knows."""


async def looked(stage: RestoreStage, backup: StoredBackup, place: Place, **asked: bool) -> PreflightCompleted:
    """What a preflight has told at its end."""
    preflight_id = await stage.ask_preflight(backup, place, facts=ASKED_WITH, **asked)
    await stage.run(preflight_id)
    (completed,) = await stage.said(preflight_id)
    assert isinstance(completed, PreflightCompleted)
    return completed


async def test_a_preflight_tells_all_that_it_has_looked_at(
    stage: RestoreStage, small: AppDatabase, destination: AppDatabase
) -> None:
    production, acceptance = await stage.register(small), await stage.register(destination)
    same, differing, absent = (place_of(number) for number in (1, 2, 3))
    production.put({same: b"same", differing: b"the backup's", absent: b"absent"})
    acceptance.put({same: b"same", differing: b"another one"})
    backup = await stage.back_up(production)
    session = await connect(destination, application="a report")
    completed = await looked(stage, backup, acceptance)
    await session.close()
    assert completed.passed, completed.findings
    assert completed.facts is not None
    dump = backup.manifest.database
    known = ASKED_WITH.model_copy(
        update={
            "server_version": dump.server_version,
            "backup_server_version": dump.server_version,
            "open_sessions": 1,
            "backup_database_bytes": dump.bytes,
            "backup_files_bytes": backup.manifest.files.bytes,
            "database_needed_bytes": dump.bytes,
            "files_needed_bytes": len(b"the backup's") + len(b"absent"),
        }
    )
    assert completed.facts.model_copy(update={"database_free_bytes": None, "files_free_bytes": None}) == known
    assert (completed.facts.database_free_bytes or 0) > dump.bytes
    assert (completed.facts.files_free_bytes or 0) > 0
    assert "ROOM_UNKNOWN" not in {finding.code for finding in completed.findings}


async def test_of_documents_that_stay_a_preflight_tells_what_the_backup_holds_and_no_more(
    stage: RestoreStage, small: AppDatabase, destination: AppDatabase
) -> None:
    production, acceptance = await stage.register(small), await stage.register(destination)
    backup = await stage.back_up(production)
    facts = (await looked(stage, backup, acceptance, database_only=True)).facts
    assert facts is not None
    assert (facts.files_needed_bytes, facts.files_free_bytes) == (None, None)
    assert facts.backup_files_bytes == backup.manifest.files.bytes


async def test_a_room_that_the_provisioner_may_not_ask_for_is_said_to_be_unknown(
    stage: RestoreStage, small: AppDatabase, destination: AppDatabase
) -> None:
    destination.run(f"ALTER ROLE {destination.role} CREATEDB", superuser=True)
    production, acceptance = await stage.register(small), await stage.register(destination, provisioner=None)
    completed = await looked(stage, await stage.back_up(production), acceptance)
    (finding,) = [finding for finding in completed.findings if finding.code == "ROOM_UNKNOWN"]
    assert finding.severity is Severity.INFO
    assert "at least" in finding.message
    assert completed.passed, completed.findings
    assert completed.facts is not None
    assert completed.facts.database_free_bytes is None
    assert completed.facts.database_needed_bytes is not None


async def test_where_the_destination_does_not_answer_what_is_known_of_the_backup_is_told(
    stage: RestoreStage, small: AppDatabase, destination: AppDatabase
) -> None:
    production, acceptance = await stage.register(small), await stage.register(destination, name="gone")
    backup = await stage.back_up(production)
    completed = await looked(stage, backup, acceptance)
    assert not completed.passed
    assert completed.facts is not None
    assert completed.facts.backup_server_version == backup.manifest.database.server_version
    assert completed.facts.backup_database_bytes == backup.manifest.database.bytes
    assert completed.facts.run_state is RunState.STOPPED
    assert (completed.facts.server_version, completed.facts.open_sessions) == (None, None)
