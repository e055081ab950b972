"""SQL lives in `.sql` files next to its user, as named blocks; here they become functions."""

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import cache
from importlib.resources import as_file, files
from typing import Any, Final

import aiosql
from aiosql.adapters.asyncpg import AsyncPGAdapter

WRITES: Final = re.compile(r"\b(?:insert|update|delete|pg_notify)\b", re.IGNORECASE)
"""What a statement says that changes something, tells somebody or locks rows."""


@cache
def load_queries(package: str) -> Any:  # noqa: ANN401 -- its functions are known when the files are read
    """The named blocks of `<package>/sql/*.sql`.

    `-- name: find_app(app_id)^` is called `await queries.find_app(c, app_id=…)`. The sign behind a name: `^` one row
    or None, `$` one value, `!` nothing but the effect; without one, rows to be read with `async for`. Files in
    directories below (`sql/migrations`) are not loaded. One that writes or locks needs a transaction around it, and
    raises RuntimeError without.
    """
    with as_file(files(package) / "sql") as directory:
        blocks = "\n\n".join(path.read_text(encoding="utf-8") for path in sorted(directory.glob("*.sql")))
    adapter: Callable[..., Any] = Statements  # it is more than the protocol that aiosql tells of
    return aiosql.from_str(blocks, adapter)


class Statements(AsyncPGAdapter):
    """How aiosql calls asyncpg, but for connections alone: its own way looks at each call whether it was given a pool.

    And what writes outside of a transaction would pass no seam, so that is refused.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # -- aiosql's adapters have no types
        self._writing: set[str] = set()

    def process_sql(self, query_name: str, op_type: Any, sql: str) -> str:  # noqa: ANN401 -- aiosql has no types
        """Called by aiosql once for each block."""
        if WRITES.search(sql):
            self._writing.add(query_name)
        processed: str = super().process_sql(query_name, op_type, sql)  # type: ignore[no-untyped-call]  # -- as above
        return processed

    async def select(
        self,
        conn: Any,  # noqa: ANN401 -- a connection of the pool, or one of its own
        query_name: str,
        sql: str,
        parameters: Mapping[str, Any],
        record_class: None = None,  # noqa: ARG002 -- aiosql gives it
    ) -> AsyncIterator[Any]:
        """Rows."""
        for row in await conn.fetch(sql, *self._ordered(conn, query_name, parameters)):
            yield row

    async def select_one(
        self,
        conn: Any,  # noqa: ANN401 -- as above
        query_name: str,
        sql: str,
        parameters: Mapping[str, Any],
        record_class: None = None,  # noqa: ARG002 -- as above
    ) -> Any:  # noqa: ANN401 -- a row
        """One row or None."""
        return await conn.fetchrow(sql, *self._ordered(conn, query_name, parameters))

    async def select_value(self, conn: Any, query_name: str, sql: str, parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401 -- any value
        """One value or None."""
        return await conn.fetchval(sql, *self._ordered(conn, query_name, parameters))

    async def insert_update_delete(self, conn: Any, query_name: str, sql: str, parameters: Mapping[str, Any]) -> str:  # noqa: ANN401 -- as above
        """The effect; PostgreSQL's word on it."""
        told: str = await conn.execute(sql, *self._ordered(conn, query_name, parameters))
        return told

    async def insert_update_delete_many(
        self,
        conn: Any,  # noqa: ANN401 -- as above
        query_name: str,
        sql: str,
        parameters: Sequence[Mapping[str, Any]],
    ) -> None:
        """The same for many."""
        await conn.executemany(sql, [self._ordered(conn, query_name, one) for one in parameters])

    def _ordered(self, c: Any, query_name: str, parameters: Mapping[str, Any]) -> Sequence[Any]:  # noqa: ANN401 -- as above
        if query_name in self._writing and not c.is_in_transaction():
            raise RuntimeError(f"{query_name} writes or locks: it needs a transaction")
        ordered: Sequence[Any] = self.maybe_order_params(query_name, parameters)  # type: ignore[no-untyped-call]  # -- as above
        return ordered
