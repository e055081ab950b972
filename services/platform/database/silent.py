"""Ends sessions whose process fell silent in the middle of a statement: nobody waits for their locks for ever.

PostgreSQL itself ends those that are silent between two statements of a transaction. Between the preparation of a
statement and its execution a session counts as active, whatever the timeouts: a process that is stopped just then, or
cut off, would keep its locks for as long as it sleeps.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from services.platform.database.database import Database
from services.platform.database.queries import load_queries
from services.platform.process.retry import for_ever

queries = load_queries("services.platform.database")
log = structlog.get_logger()


@asynccontextmanager
async def silent_sessions_ended(database: Database, silent_seconds: float) -> AsyncIterator[None]:
    """While the block runs, sessions of the same role are ended that have been silent for so long, or twice that."""

    async def look() -> None:
        async with database.look() as c:
            ended = [row["pid"] async for row in queries.end_silent(c, seconds=silent_seconds)]
        if ended:
            log.warning("sessions were ended that were silent in the middle of a statement", sessions=len(ended))
        await asyncio.sleep(silent_seconds)

    looking = asyncio.create_task(for_ever("look for silent sessions", look))
    try:
        yield
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
