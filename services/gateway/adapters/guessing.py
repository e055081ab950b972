"""Slows guesses of passwords and keys down, by name, key and address, in bounded memory of this process."""

from collections import OrderedDict
from collections.abc import Callable
from math import ceil
from typing import Final, NamedTuple

from services.gateway.domain.guesses import FREE_OF_HOST, FREE_OF_NAME, Guesses
from services.gateway.domain.refusals import RefusalError

REMEMBERED: Final = 10_000


class TooManyGuessesError(RefusalError):
    """Somebody guesses: the same for names that nobody has."""

    def __init__(self, wait_seconds: float) -> None:
        super().__init__(429, "TOO_MANY_REQUESTS", "too many failed tries: wait as Retry-After says")
        self.wait_seconds = ceil(wait_seconds)


class Guessed(NamedTuple):
    """Who or what is slowed down, and after how many failures."""

    what: str
    free: int

    @classmethod
    def name(cls, name: str) -> "Guessed":
        """Guesses of one user's password, from anywhere."""
        return cls(f"name {name.casefold()}", FREE_OF_NAME)

    @classmethod
    def key(cls, key_id: str) -> "Guessed":
        """Guesses of one key's secret, from anywhere."""
        return cls(f"key {key_id}", FREE_OF_NAME)

    @classmethod
    def host(cls, host: str) -> "Guessed":
        """Guesses of anybody's password, from one address."""
        return cls(f"host {host}", FREE_OF_HOST)


class Guessing:
    """Failures of late."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._known: OrderedDict[str, Guesses] = OrderedDict()

    def must_not_wait(self, *tried: Guessed) -> None:
        """Raises TooManyGuessesError while one of them has to wait."""
        now = self._monotonic()
        wait_seconds = max(self._known.get(one.what, Guesses()).wait_seconds(now, one.free) for one in tried)
        if wait_seconds:
            raise TooManyGuessesError(wait_seconds)

    def failed(self, *tried: Guessed) -> None:
        """One more failure of each."""
        for one in tried:
            self._known[one.what] = self._known.get(one.what, Guesses()).after_failure(self._monotonic())
            self._known.move_to_end(one.what)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def succeeded(self, name: Guessed, *others: Guessed) -> None:
        """It was the right person after all: of `name` nothing is held, of `others` one failure less."""
        self._known.pop(name.what, None)
        for one in others:
            if one.what in self._known:
                self._known[one.what] = self._known[one.what].without_last()
