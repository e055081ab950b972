"""SQL lives in `.sql` files next to its user, as named blocks; here they become functions."""

from functools import cache
from importlib.resources import as_file, files

import aiosql
from aiosql.queries import Queries


@cache
def load_queries(package: str) -> Queries:
    """The named blocks of `<package>/sql/*.sql`.

    `-- name: find_app(app_id)^` is called `await queries.find_app(c, app_id=…)`. Signs behind a name, as aiosql has them: `^` one row or None, `$` one value, `!` nothing but the effect,
    none: rows, to be read with `async for`. Files in directories below (`sql/migrations`) are not loaded.
    """
    with as_file(files(package) / "sql") as directory:
        blocks = "\n\n".join(path.read_text(encoding="utf-8") for path in sorted(directory.glob("*.sql")))
    queries: Queries = aiosql.from_str(blocks, "asyncpg")
    return queries
