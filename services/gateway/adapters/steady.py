"""Pages by number that hold still: what is added while a script pages is not among what it pages through."""

from typing import Any, Final, NamedTuple
from uuid import UUID

from services.gateway.domain.paging import Instant
from services.platform.database import Database, load_queries

REMEMBERED_SECONDS: Final = 600.0
"""Longer than a script needs from one page to the next."""
REMEMBERED_LISTS: Final = 1_000
"""Of one key. Who pages through more at once may see what was added meanwhile in the oldest."""
SWEPT_AT_ONCE: Final = 100

_sql = load_queries("services.gateway")


class Reader(NamedTuple):
    """Whose key it is, and which environment's list.

    Neither where the call comes from nor how many are on a page: who is behind several proxies comes from another place
    with every page, and scripts ask on their last page for what is left only. They would meet there the top of an
    earlier walk, and miss what was added since; whereas a top that another script with the same key has moved shows
    some backups twice, and hides none.
    """

    key_id: str
    environment_id: UUID


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
        """What was on top of the newest walk with this key, which goes on; None when its last page is long ago."""
        async with self._database.transaction() as c:
            row = await _sql.find_top(c, **reader._asdict(), seconds=REMEMBERED_SECONDS)
        return None if row is None else Instant(row["top_at"], row["top_id"])
