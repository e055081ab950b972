"""What stands between a destination's documents and a backup's; as it is kept in the restore's own area."""

from enum import StrEnum
from typing import Final, Literal

from contracts.values import Value

LIST_VERSION: Final = 1
EXAMPLES: Final = 10


class What(StrEnum):
    """What a restore does with one document."""

    ADD = "add"
    """The destination has none at this place."""
    REPLACE = "replace"
    """It has another one at this place."""
    SET_ASIDE = "set-aside"
    """It has one that is not of the backup."""


class Change(Value):
    """One line of the list. `size` is in bytes: of the document that comes or, where none comes, of the one that goes.

    `contents` are the repository's names of what comes.
    """

    what: What
    place: str
    size: int
    contents: tuple[str, ...] = ()


class Difference(Value):
    """The first line of the list, and its sums. `count` and `bytes` are the backup's; `same_count` stay as they are.

    `strays` are things below the destination's root that are no documents: left alone, a few of them named.
    """

    version: Literal[1] = LIST_VERSION
    count: int
    bytes: int
    same_count: int
    added_count: int
    added_bytes: int
    replaced_count: int
    replaced_bytes: int
    set_aside_count: int
    set_aside_bytes: int
    strays_count: int
    strays: tuple[str, ...]

    @property
    def new_bytes(self) -> int:
        """What must fit in beside everything that is there."""
        return self.added_bytes + self.replaced_bytes

    @property
    def before_count(self) -> int:
        """How many documents the destination had before the restore."""
        return self.same_count + self.replaced_count + self.set_aside_count
