"""Counts the calls of each key in this process, in bounded memory: a key that rested is forgotten first."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from services.gateway.domain.rates import Rate, judge

REMEMBERED: Final = 10_000
"""With more keys in use at once, the one that rested longest begins with a whole burst again."""


class Rates:
    """One loop asks, and nothing here waits: no two calls of a key are counted at once."""

    def __init__(self, rate: Rate, monotonic: Callable[[], float]) -> None:
        self._rate = rate
        self._monotonic = monotonic
        self._whole_at: OrderedDict[str, float] = OrderedDict()

    def wait_seconds(self, key_id: str) -> float:
        """How long a key has to wait; zero, and counted, where its call is let through."""
        now = self._monotonic()
        verdict = judge(self._whole_at.get(key_id, now), now, self._rate)
        self._whole_at[key_id] = verdict.whole_at
        self._whole_at.move_to_end(key_id)
        while len(self._whole_at) > REMEMBERED:
            self._whole_at.popitem(last=False)
        return verdict.wait_seconds
