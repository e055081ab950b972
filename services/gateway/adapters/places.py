"""How many read from backups at once in this process, whatever they read: each takes some tens of megabytes."""

from collections.abc import Iterator
from contextlib import contextmanager

from services.platform.process.errors import TransientError


class Places:
    """`at_once` places; who finds none comes again."""

    def __init__(self, at_once: int) -> None:
        self._free = at_once

    @property
    def any_free(self) -> bool:
        """Whether `take` would give one."""
        return self._free > 0

    def take(self) -> None:
        """One of them, to be given back. Raises a TransientError where none is free."""
        if not self._free:
            raise TransientError("too many backups and archives are being read from this process")
        self._free -= 1

    def give_back(self) -> None:
        """What was taken."""
        self._free += 1

    @contextmanager
    def one(self) -> Iterator[None]:
        """A place until the end of the context. Raises as `take`."""
        self.take()
        try:
            yield
        finally:
            self.give_back()
