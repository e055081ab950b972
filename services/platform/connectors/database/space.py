"""How much room a database server has left, where that can be known: only for a server on this very machine."""

import ipaddress
import os
from collections.abc import Awaitable, Callable

import asyncpg

from services.platform.connectors.database.access import DatabaseAccess
from services.platform.connectors.database.connection import Connection

FreeSpace = Callable[[Connection, DatabaseAccess], Awaitable[int | None]]
"""Given the provisioner's connection: the free bytes where the database's files are, or None when nobody knows."""


async def local_free_bytes(connection: Connection, access: DatabaseAccess) -> int | None:
    """Ask the server where its files are, and this machine's file system how much room is there."""
    if not _is_here(access.host):
        return None
    try:
        directory = await connection.fetchval(
            "SELECT coalesce(nullif(pg_catalog.pg_tablespace_location(dattablespace), ''),"
            " pg_catalog.current_setting('data_directory')) FROM pg_catalog.pg_database WHERE datname = $1",
            access.database,
        )
        status = os.statvfs(directory)
    except (asyncpg.InsufficientPrivilegeError, OSError, TypeError):
        return None
    return status.f_bavail * status.f_frsize


def _is_here(host: str) -> bool:
    if host == "localhost" or host.startswith("/"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
