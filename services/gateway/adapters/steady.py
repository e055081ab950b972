"""Pages by number that hold still: what is added while a script pages is not among what it pages through."""

import time
from collections import OrderedDict
from typing import Final, NamedTuple
from uuid import UUID

from services.gateway.domain.paging import Instant

REMEMBERED_SECONDS: Final = 600.0
"""Longer than a script needs from its first page to its last."""
REMEMBERED_LISTS: Final = 2_000
"""Two for each reader. When more are paged through at once, the oldest may see what was added meanwhile."""


class Reader(NamedTuple):
    """Whose key it is, which environment's list, and how many on a page: two scripts with one key may differ in that.

    Not where the call comes from: who is behind several proxies comes from another place with every page, and would
    meet there the top of an earlier walk, and miss what was added since; whereas a top that another script with the
    same key and page size has moved shows some backups twice, and hides none.
    """

    key_id: str
    environment_id: UUID
    limit: int | None


class SteadyLists:
    """Where each list began for its reader: the newest thing of the first page."""

    def __init__(self) -> None:
        self._tops: OrderedDict[Reader, tuple[float, Instant]] = OrderedDict()

    def begin(self, reader: Reader, newest: Instant | None) -> None:
        """A first page was read, and `newest` was on its top."""
        for one in (reader, _with_any_limit(reader)):
            self._tops.pop(one, None)
            if newest is not None:
                self._tops[one] = (time.monotonic() + REMEMBERED_SECONDS, newest)
        while len(self._tops) > REMEMBERED_LISTS:
            self._tops.popitem(last=False)

    def top(self, reader: Reader) -> Instant | None:
        """What was on the top of the reader's first page, else of the last one with its key; None when long ago.

        Some scripts ask on their last page for what is left only.
        """
        for one in (reader, _with_any_limit(reader)):
            until, newest = self._tops.get(one, (0.0, None))
            if time.monotonic() < until:
                return newest
        return None


def _with_any_limit(reader: Reader) -> Reader:
    return reader._replace(limit=None)
