"""How long whoever guesses passwords has to wait: longer after each failure, and nobody is locked out for good."""

from typing import Final, NamedTuple

FREE_OF_NAME: Final = 5
"""A person who mistypes waits for nothing."""
FREE_OF_HOST: Final = 100
"""Many people may come from one address, or all of them by one proxy."""
FIRST_SECONDS: Final = 1.0
LAST_SECONDS: Final = 15 * 60.0
"""Doubling from the first to the last: about a hundred guesses a day, and a locked-out person has a coffee."""
FORGOTTEN_AFTER_SECONDS: Final = 24 * 3600.0
_DOUBLINGS: Final = 30


class Guesses(NamedTuple):
    """Failures in a row, when the last one was, and the one before."""

    failures: int = 0
    last_at: float = 0.0
    before_at: float = 0.0

    def wait_seconds(self, now: float, free: int) -> float:
        """How long to wait before another try is looked at; the first `free` cost nothing."""
        beyond = min(self.failures - free, _DOUBLINGS)
        if beyond < 0 or now - self.last_at > FORGOTTEN_AFTER_SECONDS:
            return 0.0
        return max(0.0, self.last_at + min(FIRST_SECONDS * (1 << beyond), LAST_SECONDS) - now)

    def after_failure(self, now: float) -> "Guesses":
        """With one more."""
        known = 0 if now - self.last_at > FORGOTTEN_AFTER_SECONDS else self.failures
        return Guesses(known + 1, now, self.last_at)

    def without_last(self) -> "Guesses":
        """With one less: it was none."""
        return Guesses(max(0, self.failures - 1), self.before_at, self.before_at)
