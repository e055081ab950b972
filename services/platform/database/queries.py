"""SQL lives in `.sql` files next to its user, as named blocks; here they become functions."""

from functools import cache
from importlib.resources import as_file, files
from typing import Any

import aiosql


@cache
def load_queries(package: str) -> Any:  # noqa: ANN401 -- its functions are known when the files are read
    """The named blocks of `<package>/sql/*.sql`.

    `-- name: find_app(app_id)^` is called `await queries.find_app(c, app_id=…)`. The sign behind a name: `^` one row
    or None, `$` one value, `!` nothing but the effect; without one, rows to be read with `async for`. Files in
    directories below (`sql/migrations`) are not loaded.
    """
    with as_file(files(package) / "sql") as directory:
        blocks = "\n\n".join(path.read_text(encoding="utf-8") for path in sorted(directory.glob("*.sql")))
    return aiosql.from_str(blocks, "asyncpg")
