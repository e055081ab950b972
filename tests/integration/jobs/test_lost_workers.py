"""Workers as real processes: killed, paused beyond their lease, and ended in order."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psutil
import pytest

from services.platform.process.settings import PostgresSettings
from tests.support.databases import FreshDatabase
from tests.support.eventually import eventually
from tests.support.jobs import SERVICE, Jobs, Kind
from tests.support.processes import alive

ROOT = Path(__file__).parents[3]


@dataclass
class WorkerProcess:
    """A worker in a process of its own."""

    process: Process

    async def line(self, beginning: str) -> str:
        """The rest of the next line that begins so."""
        assert self.process.stdout is not None
        async with asyncio.timeout(60):
            while line := (await self.process.stdout.readline()).decode():
                if line.startswith(beginning):
                    return line.removeprefix(beginning).strip()
        raise AssertionError(f"it ended without saying {beginning!r}")


@pytest.fixture
def settings(fresh_database: FreshDatabase) -> PostgresSettings:
    return fresh_database(SERVICE)


@asynccontextmanager
async def worker(settings: PostgresSettings, go_on: Path, *, deaf: bool = False) -> AsyncIterator[WorkerProcess]:
    told = {
        "postgres": {**settings.model_dump(mode="json"), "password": settings.password.get_secret_value()},
        "go_on": str(go_on),
        "deaf": deaf,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.worker_process", cwd=ROOT, stdin=PIPE, stdout=PIPE
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(told).encode() + b"\n")
    try:
        yield WorkerProcess(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def begun(other: WorkerProcess) -> psutil.Process:
    """The child that its job has started."""
    return psutil.Process(int(await other.line("child")))


async def epochs(jobs: Jobs, job_id: UUID) -> list[tuple[int, str]]:
    async with jobs.database.transaction() as c:
        rows = await c.fetch("SELECT epoch, what FROM said WHERE job_id = $1 ORDER BY place", job_id)
    return [(row["epoch"], row["what"]) for row in rows]


async def test_a_job_of_a_killed_worker_is_taken_over(jobs: Jobs, settings: PostgresSettings, tmp_path: Path) -> None:
    job_id = await jobs.put()
    async with worker(settings, tmp_path / "never") as other:
        child = await begun(other)
        other.process.kill()
        await other.process.wait()
        async with jobs.working(Kind()):
            await jobs.ended(job_id)
        child.kill()
    assert await epochs(jobs, job_id) == [(1, "begun"), (2, "completed")]


async def test_a_paused_worker_that_wakes_up_changes_nothing_and_its_children_end(
    jobs: Jobs, settings: PostgresSettings, tmp_path: Path
) -> None:
    job_id = await jobs.put()
    async with worker(settings, tmp_path / "never") as other:
        child = await begun(other)
        other.process.send_signal(signal.SIGSTOP)
        async with jobs.working(Kind()):
            await jobs.ended(job_id)
        other.process.send_signal(signal.SIGCONT)
        await other.line("refused")
        await eventually(lambda: _is_gone(child))
    assert await epochs(jobs, job_id) == [(1, "begun"), (2, "completed")]


async def test_work_that_comes_to_itself_before_its_heartbeat_asks_whether_the_job_is_its_own(
    jobs: Jobs, settings: PostgresSettings, tmp_path: Path
) -> None:
    job_id, go_on = await jobs.put(), tmp_path / "go-on"
    async with worker(settings, go_on, deaf=True) as other:
        await begun(other)
        async with jobs.working(Kind()):
            await jobs.ended(job_id)
        go_on.touch()
        await other.line("refused")


async def test_a_worker_that_was_paused_for_less_than_its_lease_goes_on(
    jobs: Jobs, settings: PostgresSettings, tmp_path: Path
) -> None:
    job_id, go_on = await jobs.put(), tmp_path / "go-on"
    async with worker(settings, go_on) as other:
        child = await begun(other)
        other.process.send_signal(signal.SIGSTOP)
        await eventually(lambda: _is_paused(other))
        other.process.send_signal(signal.SIGCONT)
        go_on.touch()
        await jobs.ended(job_id)
        await eventually(lambda: _is_gone(child))
    assert await epochs(jobs, job_id) == [(1, "begun"), (1, "completed")]


async def test_a_worker_hears_of_a_cancellation_in_another_process(
    jobs: Jobs, settings: PostgresSettings, tmp_path: Path
) -> None:
    job_id = await jobs.put()
    async with worker(settings, tmp_path / "never") as other:
        child = await begun(other)
        assert await jobs.cancel(job_id)
        await other.line("stopped")
        await jobs.ended(job_id)
        await eventually(lambda: _is_gone(child))


async def _is_gone(process: psutil.Process) -> bool:
    return not alive([process])


async def _is_paused(other: WorkerProcess) -> bool:
    return psutil.Process(other.process.pid).status() == psutil.STATUS_STOPPED
