"""`python -m tests.support.lock_holder`: a process that holds the advisory lock `relay`, to be put to sleep.

Takes the settings as a line of JSON on stdin, and says `held` when it holds the lock, and `lost` when it does no more.
"""

import asyncio
import json
import sys

from services.platform.database import Database
from services.platform.process.settings import PostgresSettings
from tests.support.eventually import eventually


async def hold(settings: PostgresSettings) -> None:
    """Until the lock is lost."""

    async def is_lost() -> bool:
        return place is None or place.lost

    database = await Database.open(settings)
    async with database.locked("relay") as place:
        print("held", flush=True)  # noqa: T201 -- what the test waits for
        await eventually(is_lost, within_seconds=600)
        print("lost", flush=True)  # noqa: T201 -- what the test waits for
    await database.close()


if __name__ == "__main__":
    asyncio.run(hold(PostgresSettings(**json.loads(sys.stdin.readline()))))
