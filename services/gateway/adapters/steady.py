"""Pages by number that hold still: what is added while a script pages is not among what it pages through."""

from typing import Any, Final, NamedTuple
from uuid import UUID

from services.gateway.domain.paging import Instant
from services.platform.database import Database, load_queries

REMEMBERED_SECONDS: Final = 600.0
"""Longer than a script needs from its first page to its last."""
REMEMBERED_LISTS: Final = 1_000
"""Of one key, two for each reader. Who pages through more at once may see what was added meanwhile in the oldest."""
SWEPT_AT_ONCE: Final = 100

_sql = load_queries("services.gateway")


class Reader(NamedTuple):
    """Whose key it is, which environment's list, and how many on a page: two scripts with one key may differ in that.

    Not where the call comes from: who is behind several proxies comes from another place with every page, and would
    meet there the top of an earlier walk, and miss what was added since; whereas a top that another script with the
    same key and page size has moved shows some backups twice, and hides none.
    """

    key_id: str
    environment_id: UUID
    page: int


class SteadyLists:
    """Where each list began for its reader: the newest thing of the first page, whichever gateway is asked for more."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, reader: Reader, newest: Instant | None) -> None:
        """A first page was read, and `newest` was on its top."""
        of_reader: dict[str, Any] = reader._asdict()
        async with self._database.transaction() as c:
            if newest is None:
                await _sql.forget_top(c, **of_reader)
                return
            await _sql.keep_top(c, **of_reader, top_at=newest.at, top_id=newest.id, seconds=REMEMBERED_SECONDS)
            await _sql.sweep_tops(c, key_id=reader.key_id, kept=REMEMBERED_LISTS, count=SWEPT_AT_ONCE)

    async def top(self, reader: Reader) -> Instant | None:
        """What was on the top of the reader's first page, else of the last one with its key; None when long ago.

        Some scripts ask on their last page for what is left only.
        """
        async with self._database.transaction() as c:
            row = await _sql.find_top(c, **reader._asdict())
        return None if row is None else Instant(row["top_at"], row["top_id"])
