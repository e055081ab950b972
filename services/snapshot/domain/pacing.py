"""How many nightly commands may wait for the catalog at once: whoever else asks meanwhile waits behind these."""

from typing import Final

from contracts.defaults import NIGHTLY_LAG_SECONDS, NIGHTLY_UNANSWERED

LEAST: Final = 20
"""With fewer, ten thousand would not be on the topic within two minutes even where each is decided in time."""
STEP: Final = 1


class Pace:
    """A window that the catalog's lag shapes: it grows by steps while commands are decided soon, and halves when not.

    So a slow catalog, or one that others keep busy, is asked for less, and nobody has to know how fast it is.
    """

    def __init__(self, most: int = NIGHTLY_UNANSWERED) -> None:
        self._most = most
        self.window = min(LEAST, most)
        self._sent_before = 0

    def decided(self, lag_seconds: float) -> None:
        """A command was decided so long after it was asked.

        After a halving, those that were on the topic already say nothing new.
        """
        if self._sent_before:
            self._sent_before -= 1
        elif lag_seconds > NIGHTLY_LAG_SECONDS:
            self._sent_before = self.window
            self.window = max(self.window // 2, min(LEAST, self._most))
        else:
            self.window = min(self.window + STEP, self._most)

    def room(self, unanswered: int) -> int:
        """How many more may be asked now."""
        return max(self.window - unanswered, 0)
