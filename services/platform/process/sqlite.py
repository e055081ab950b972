"""Rows into a file of SQLite, from a thread beside others that are busy."""

import sqlite3
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

ROWS_AT_ONCE: Final = 200
"""With more of them nothing is left to save; SQLite takes 32,766 values unless it was built for less."""


def insert(connection: sqlite3.Connection, statement: str, rows: Sequence[Sequence[Any]]) -> None:
    """Run an INSERT that has `(:rows)` in place of what it inserts.

    Many rows at a time, not `executemany`: SQLite lets go of the interpreter for each statement, and where two threads
    list documents it waited ten times as long to get it back as it needed for the row.
    """
    for start in range(0, len(rows), ROWS_AT_ONCE):
        some = rows[start : start + ROWS_AT_ONCE]
        connection.execute(_of(statement, len(some), len(some[0])), [value for row in some for value in row])


@cache
def _of(statement: str, count: int, width: int) -> str:
    row = f"({', '.join('?' * width)})"
    return statement.replace("(:rows)", f"VALUES {', '.join([row] * count)}")
