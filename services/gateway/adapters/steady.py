"""Pages by number that hold still: what is added while a script pages is not among what it pages through."""

import time
from collections import OrderedDict
from typing import Final
from uuid import UUID

from services.gateway.domain.paging import Instant

REMEMBERED_SECONDS: Final = 600.0
"""Longer than a script needs from its first page to its last."""
REMEMBERED_LISTS: Final = 1_000
"""When more are paged through at once, the oldest may see what was added meanwhile."""

Reader = tuple[str, UUID]
"""Whose key it is, and which environment's list."""


class SteadyLists:
    """Where each list began for its reader: the newest thing of the first page."""

    def __init__(self) -> None:
        self._tops: OrderedDict[Reader, tuple[float, Instant]] = OrderedDict()

    def begin(self, reader: Reader, newest: Instant | None) -> None:
        """A first page was read, and `newest` was on its top."""
        self._tops.pop(reader, None)
        if newest is not None:
            self._tops[reader] = (time.monotonic() + REMEMBERED_SECONDS, newest)
        while len(self._tops) > REMEMBERED_LISTS:
            self._tops.popitem(last=False)

    def top(self, reader: Reader) -> Instant | None:
        """What was on the top of the reader's first page; None when that is too long ago."""
        until, newest = self._tops.get(reader, (0.0, None))
        return newest if time.monotonic() < until else None
