"""`python -m tests.support.worker_process`: a worker as a process of its own, to be killed, paused and ended.

Settings come as JSON on stdin. Its jobs start a child, say "begun", wait for a file to appear, and finish. What it
sees goes to stdout, a line each.
"""

import asyncio
import os
import sys
import time
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
    deaf: bool = False


class Patient:
    """Work that goes on when the file is there, whoever owns the job by then.

    Who is `deaf` lets nothing else run in its process until then, no heartbeat either, and tells how far it has come.
    """

    def __init__(self, go_on: Path, *, deaf: bool) -> None:
        self._go_on = go_on
        self._deaf = deaf

    async def work(self, run: JobRun) -> None:
        """Start a child, say so, wait, and try to say more, as somebody who does not look at heartbeats would."""
        child = await asyncio.create_subprocess_exec("sleep", "600", stdout=DEVNULL, start_new_session=True)
        with run.children.group(child.pid):
            async with run.transaction() as c:
                await say(c, run, "begun")
            tell(f"child {child.pid}")
            while self._deaf and not self._go_on.exists():
                time.sleep(0.01)  # noqa: ASYNC251 -- that is what is tried
            if self._deaf:
                await self._try_to_go_on(run)
            try:
                while not self._go_on.exists():  # noqa: ASYNC110 -- another process makes the file
                    await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                tell("stopped")
                await self._try_to_harm(run)
                raise

    async def _try_to_go_on(self, run: JobRun) -> None:
        try:
            await run.progress(bytes_done=1)
        except (LeaseLostError, asyncio.CancelledError):  # the latter where its heartbeat was no later
            tell("refused")
            raise
        tell("went on")

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
    kind = Kind([Patient(told.go_on, deaf=told.deaf).work])
    tell(f"working {os.getpid()}")
    await Worker(JobQueue(database), {KIND: kind}, QUICK).run()


if __name__ == "__main__":
    asyncio.run(work(Told.model_validate_json(sys.stdin.readline())))
