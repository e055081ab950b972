"""A preflight that is cancelled: while it waits behind other work there, and in the middle of its look."""

import asyncio
from dataclasses import replace
from uuid import UUID

from contracts.events.restores import PreflightCancelRequested, PreflightCompleted, RestoreCompleted
from contracts.values import Finding, Severity
from services.platform.connectors.database.access import DatabaseAccess
from services.platform.connectors.database.connection import Connection
from services.platform.process.settings import WorkerSettings
from services.restore.handlers import PREFLIGHT, RESTORE
from services.restore.work.preflighting import PreflightJob
from tests.support.app_databases import AppDatabase
from tests.support.dying import Dying
from tests.support.restore_stage import Place, RestoreStage

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
    sessions = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    assert destination.run(sessions) == "0"


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
