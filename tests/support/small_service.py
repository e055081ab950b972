"""`python -m tests.support.small_service <what>`: a service that only waits for PostgreSQL, and may die."""

import asyncio
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from services.platform.database import Database
from services.platform.process.health import Health
from services.platform.process.service import Task, run_service
from services.platform.process.settings import Settings

STANDS_SECONDS = 10
WHAT, FILE = sys.argv[1], Path(sys.argv[2])


async def bootstrap(stack: AsyncExitStack, settings: Settings, health: Health) -> Sequence[Task]:
    """Connect, be ready when the file says so, and live as the argument says."""
    database = await Database.open(settings.postgres)
    stack.push_async_callback(database.close)
    stack.callback(sys.stderr.write, "closed in order\n")

    async def file_is_there() -> bool:
        return FILE.exists()  # noqa: ASYNC240 -- one look at a file

    health.ready_when("file", file_is_there)
    return [wait(), {"die": die, "stand": stand}.get(WHAT, wait)()]


async def wait() -> None:
    """Live until the end."""
    try:
        await asyncio.Event().wait()
    finally:
        sys.stderr.write("a task was ended in order\n")


async def die() -> None:
    """A task that meets a defect."""
    while not FILE.exists():  # noqa: ASYNC110, ASYNC240 -- another process makes the file
        await asyncio.sleep(0.02)
    raise LookupError("on purpose")


async def stand() -> None:
    """A task that holds up all others, once, for longer than is borne."""
    while not FILE.exists():  # noqa: ASYNC110, ASYNC240 -- another process makes the file
        await asyncio.sleep(0.02)
    time.sleep(STANDS_SECONDS)  # noqa: ASYNC251 -- on purpose
    await wait()


if __name__ == "__main__":
    sys.exit(run_service("small", Settings, bootstrap))
