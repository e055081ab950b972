"""Notices that a long statement moves, while nothing else tells: an index that is built, a table that is analyzed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

from services.platform.connectors.database.access import DatabaseAccess
from services.platform.connectors.database.connection import Connection, connected
from services.platform.database import load_queries
from services.platform.process.errors import NightkeepError

Moved = Callable[[], None]
"""Told that the work moves."""
LOOK_SECONDS: Final = 2.0

_queries = load_queries("services.platform.connectors.database")


@asynccontextmanager
async def watched(access: DatabaseAccess, database: str, application: str, moved: Moved) -> AsyncIterator[None]:
    """Look at the sessions named `application` as long as the context lasts, and tell whenever they have moved."""
    watching = asyncio.create_task(_watch(access, database, application, moved))
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _watch(access: DatabaseAccess, database: str, application: str, moved: Moved) -> None:
    while True:
        with suppress(NightkeepError):
            async with connected(access, access.role, database) as connection:
                await _look(connection, application, moved)
        await asyncio.sleep(LOOK_SECONDS)


async def _look(connection: Connection, application: str, moved: Moved) -> None:
    before: object = None
    while True:
        now = await _queries.movement(connection, application=application)
        if now is not None and now != before:
            moved()
        before = now
        await asyncio.sleep(LOOK_SECONDS)
