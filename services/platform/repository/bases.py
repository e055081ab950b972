"""What a stored content needs to be read: the bases of deltas, as deep as they go."""

from collections.abc import Callable

from services.platform.objectstore import ObjectNotFoundError
from services.platform.repository.errors import RepositoryError
from services.platform.repository.forms import Form, stretch_of
from services.platform.repository.locations import Location
from services.platform.repository.names import digest_of
from services.platform.repository.opened import Opened
from services.platform.repository.reader import MAX_DEPTH, Reader

MayBe = Callable[[bytes], bool]
"""Whether the content of this digest may be a base."""


def anything(_digest: bytes) -> bool:
    """Whatever is there."""
    return True


class Bases:
    """Looks in packs that are trusted, or `anywhere`; with a `reader` that counts it, where one is given."""

    def __init__(
        self, opened: Opened, may_be: MayBe = anything, *, anywhere: bool = False, reader: Reader | None = None
    ) -> None:
        self._opened = opened
        self._reader = reader or opened.reader
        self._may_be = may_be
        self._anywhere = anywhere

    async def of(self, name: str, depth: int) -> frozenset[str] | None:
        """Every base that a content needs, from the first place that will do; None: there is none within `depth`."""
        for location in self._opened.locations.locate(digest_of(name)):
            if self._anywhere or location.trusted:
                found = await self.at(location, depth)
                if found is not None:
                    return found
        return None

    async def depth_at(self, location: Location) -> int | None:
        """How many deltas lie upon each other there; None: more than a reader undoes, or a base is missing."""
        for depth in range(MAX_DEPTH + 1):
            if await self.at(location, depth) is not None:
                return depth
        return None

    async def at(self, location: Location, depth: int) -> frozenset[str] | None:
        """The same of one of its places."""
        if location.entry.form != Form.DELTA:
            return frozenset()
        if depth == 0:
            return None
        try:
            bases = stretch_of(await self._reader.payload(location)).bases
        except (RepositoryError, ObjectNotFoundError):
            return None
        if not all(self._may_be(digest_of(base)) for base in bases):
            return None
        deeper = [await self.of(base, depth - 1) for base in bases]
        if any(one is None for one in deeper):
            return None
        return frozenset(bases).union(*(one for one in deeper if one))
