"""Gathers a new database's statistics, several tables at once."""

from collections.abc import Iterator
from typing import Final

from services.platform.connectors.database.access import DatabaseAccess
from services.platform.connectors.database.connection import connected
from services.platform.connectors.database.watching import Moved, watched
from services.platform.database import load_queries
from services.platform.process.together import together

APPLICATION: Final = "nightkeep analyze"
AT_ONCE: Final = 2
"""Sessions: what one does is bound by its processor, and the server has others to serve."""

_queries = load_queries("services.platform.connectors.database")


async def gather_statistics(access: DatabaseAccess, database: str, moved: Moved) -> None:
    """Gather those of all tables that the environment's role may analyze; the server passes the others over."""
    async with watched(access, database, APPLICATION, moved):
        async with connected(access, access.role, database) as connection:
            tables = iter([row["name"] async for row in _queries.analyzable(connection)])
        async with together() as group:
            for _ in range(AT_ONCE):
                group.create_task(_analyze(access, database, tables))


async def _analyze(access: DatabaseAccess, database: str, tables: Iterator[str]) -> None:
    async with connected(access, access.role, database, application=APPLICATION) as connection:
        await connection.execute("SET statement_timeout = 0")
        for table in tables:
            await connection.execute(f"ANALYZE {table}")
