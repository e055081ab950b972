"""What an administrator does on the server: databases and roles. Used by the setup alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from services.platform.database.connection import RawConnection, connect_arguments
from services.platform.database.errors import translated_while_connecting
from services.platform.process.settings import PostgresSettings


@asynccontextmanager
async def administrator(settings: PostgresSettings, database: str) -> AsyncIterator[RawConnection]:
    """A connection to `database` in no transaction. Raises DatabaseUnavailableError."""
    with translated_while_connecting():
        c: RawConnection = await asyncpg.connect(**connect_arguments(settings) | {"database": database})
    try:
        with translated_while_connecting():
            yield c
    finally:
        await c.close()


async def ensure_database(c: RawConnection, name: str) -> None:
    """Make the database unless it is there, and keep everybody out who was not let in."""
    if not await c.fetchval("SELECT exists (SELECT FROM pg_database WHERE datname = $1)", name):
        await c.execute(await _formatted(c, "CREATE DATABASE %I", name))
    await c.execute(await _formatted(c, "REVOKE ALL ON DATABASE %I FROM PUBLIC", name))


async def ensure_role(c: RawConnection, name: str, verifier: str, database: str) -> None:
    """Make the role unless it is there, give it this password and let it make its own schemas in `database`."""
    if not await c.fetchval("SELECT exists (SELECT FROM pg_roles WHERE rolname = $1)", name):
        await c.execute(await _formatted(c, "CREATE ROLE %I LOGIN", name))
    await c.execute(await _formatted(c, "ALTER ROLE %I PASSWORD %L", name, verifier))
    await c.execute(await _formatted(c, "GRANT CONNECT, CREATE, TEMPORARY ON DATABASE %I TO %I", database, name))


async def _formatted(c: RawConnection, statement: str, *names: str) -> str:
    """The statement with its names quoted by the server."""
    formatted: str = await c.fetchval("SELECT format($1, VARIADIC $2::text[])", statement, list(names))
    return formatted
