"""One page of a list that a query orders and `after` goes on in."""

from collections.abc import Callable
from typing import Any, NamedTuple

from services.gateway.domain.paging import Day, Entry, Instant, Place, Spelling, to_cursor
from services.platform.database import Database, Record


class Page(NamedTuple):
    """What one page shows, and where the next one begins; None on the last."""

    rows: list[Record]
    next: str | None


async def page(
    database: Database,
    query: Callable[..., Any],
    limit: int,
    after: Place | None,
    **arguments: object,
) -> Page:
    """At most `limit` rows behind `after`. One more is read, where there is one: it says that there is a next page."""
    place: dict[str, object] = {"after": after and after[0], "after_id": after and after[-1]}
    if isinstance(after, Entry):
        place["after_sequence"] = after.sequence
    async with database.look() as c:
        rows = [row async for row in query(c, **arguments, **place, count=limit + 1)]
    return Page(rows[:limit], _next(rows, limit))


def _next(rows: list[Record], limit: int) -> str | None:
    if len(rows) <= limit:
        return None
    last = rows[limit - 1]
    if "sequence" in last:
        return to_cursor(Entry(last["at"], last["sequence"], last["id"]))
    if "day" in last:
        return to_cursor(Day(last["day"], last["id"]))
    return to_cursor(Instant(last["at"], last["id"]) if "at" in last else Spelling(last["spelling"], last["id"]))
