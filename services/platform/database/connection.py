"""How a connection to Nightkeep's own database is made: address, TLS as libpq knows it, JSON as Python values."""

import ssl
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from pydantic_core import from_json, to_json

from services.platform.process.settings import PostgresSettings

if TYPE_CHECKING:
    Record: TypeAlias = asyncpg.Record
    Connection: TypeAlias = PoolConnectionProxy[asyncpg.Record]
    """A connection inside a transaction, or for one look; what every function that reads or writes takes first."""
    RawConnection: TypeAlias = asyncpg.Connection[asyncpg.Record]
else:
    Record = asyncpg.Record
    Connection = PoolConnectionProxy
    RawConnection = asyncpg.Connection

CONNECT_SECONDS: Final = 10.0
"""A server that does not answer for so long is treated as away."""


def connect_arguments(settings: PostgresSettings, *, schema: str | None = None) -> dict[str, Any]:
    """What asyncpg needs to connect; `schema` is searched first, else the one that is named like the role."""
    return {
        "host": settings.host,
        "port": settings.port,
        "database": settings.database,
        "user": settings.user,
        "password": settings.password.get_secret_value(),
        "ssl": _ssl(settings),
        "timeout": CONNECT_SECONDS,
        "server_settings": {
            "search_path": schema or settings.user,
            "application_name": f"nightkeep {schema or settings.user}",
            "timezone": "UTC",
            "idle_in_transaction_session_timeout": milliseconds(settings.silent_seconds),
        },
    }


def milliseconds(seconds: float) -> str:
    """A duration as PostgreSQL's settings take it."""
    return f"{seconds * 1000:.0f}ms"


def _ssl(settings: PostgresSettings) -> ssl.SSLContext | str:
    if settings.sslmode in ("disable", "allow", "prefer") or (settings.sslmode == "require" and not settings.ca_file):
        return settings.sslmode
    context = ssl.create_default_context(cafile=settings.ca_file)
    context.check_hostname = settings.sslmode == "verify-full"
    return context


async def prepare(connection: RawConnection) -> None:
    """`json` and `jsonb` go in and out as Python values; UUIDs and instants in them become text."""
    for name in ("json", "jsonb"):
        await connection.set_type_codec(name, encoder=_to_text, decoder=from_json, schema="pg_catalog")


def _to_text(value: object) -> str:
    return to_json(value).decode()
