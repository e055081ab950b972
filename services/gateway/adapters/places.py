"""How many do something at once in this process that takes some tens of megabytes each, whatever it is exactly."""

from collections.abc import Iterator
from contextlib import contextmanager

from services.gateway.domain.refusals import TooManyAtOnceError


class Places:
    """`at_once` places for `what` is done there; who finds none comes again."""

    def __init__(self, at_once: int, what: str) -> None:
        self._free = at_once
        self._what = what

    @property
    def any_free(self) -> bool:
        """Whether `take` would give one."""
        return self._free > 0

    def take(self) -> None:
        """One of them, to be given back. Raises TooManyAtOnceError where none is free."""
        if not self._free:
            raise TooManyAtOnceError(self._what)
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
