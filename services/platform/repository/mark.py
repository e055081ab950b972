"""The names that manifests refer to, in a temporary file: however many there are, memory stays the same."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager


class Mark:
    """A set of names (hexadecimal)."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator["Mark"]:
        """An empty one, in a file that SQLite removes at the end."""
        connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("CREATE TABLE live (name BLOB PRIMARY KEY) WITHOUT ROWID")
            yield cls(connection)
        finally:
            connection.close()

    async def add(self, names: Iterable[str]) -> None:
        """Mark names as referred to."""
        await asyncio.to_thread(self._add, [(bytes.fromhex(name),) for name in names])

    def _add(self, rows: list[tuple[bytes]]) -> None:
        self._connection.execute("BEGIN")
        self._connection.executemany("INSERT INTO live VALUES (?) ON CONFLICT DO NOTHING", rows)
        self._connection.execute("COMMIT")

    def has(self, name: str) -> bool:
        """Whether anything refers to it."""
        query = "SELECT 1 FROM live WHERE name = ?"
        return self._connection.execute(query, (bytes.fromhex(name),)).fetchone() is not None
