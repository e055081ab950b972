"""`python -m tests.support.worker_process`: a worker as a process of its own, to be killed, paused and ended.

Settings come as JSON on stdin. Its jobs start a child, say "begun", wait for a file to appear, and finish. What it
sees goes to stdout, a line each.
"""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL
from pathlib import Path

from pydantic import BaseModel

from services.platform.database import Database
from services.platform.jobs import JobQueue, JobRun, LeaseLostError, Worker
from services.platform.process.settings import PostgresSettings
from tests.support.jobs import KIND, QUICK, SERVICE, Kind, say


class Told(BaseModel):
    """What the process is told. The password is told apart: models hide it."""

    postgres: PostgresSettings
    go_on: Path


class Patient:
    """Work that goes on when the file is there, whoever owns the job by then."""

    def __init__(self, go_on: Path) -> None:
        self._go_on = go_on

    async def work(self, run: JobRun) -> None:
        """Start a child, say so, wait, and try to say more, as somebody who does not look at heartbeats would."""
        child = await asyncio.create_subprocess_exec("sleep", "600", stdout=DEVNULL, start_new_session=True)
        with run.children.group(child.pid):
            async with run.transaction() as c:
                await say(c, run, "begun")
            tell(f"child {child.pid}")
            try:
                while not self._go_on.exists():  # noqa: ASYNC110 -- another process makes the file
                    await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                tell("stopped")
                await self._try_to_harm(run)
                raise

    async def _try_to_harm(self, run: JobRun) -> None:
        try:
            async with run.finish() as c:
                await say(c, run, "completed by a worker that was told to stop")
        except LeaseLostError:
            tell("refused")


def tell(line: str) -> None:
    """Say something to the test."""
    print(line, flush=True)  # noqa: T201 -- a program prints


async def work(told: Told) -> None:
    """Work until ended."""
    database = await Database.open(told.postgres, schema=SERVICE)
    kind = Kind([Patient(told.go_on).work])
    tell(f"working {os.getpid()}")
    await Worker(JobQueue(database), {KIND: kind}, QUICK).run()


if __name__ == "__main__":
    asyncio.run(work(Told.model_validate_json(sys.stdin.readline())))
