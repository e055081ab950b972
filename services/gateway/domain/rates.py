"""How often a key may call: so many calls a second, with bursts (spec: backups-api-v2, "Errors"; messages, "Defaults").

The generic cell rate algorithm: of each key one number is kept, the instant at which its burst is whole again.
"""

from typing import NamedTuple


class Rate(NamedTuple):
    """Calls a second over a while, and how many may come at once after a rest."""

    per_second: float
    burst: int


class Verdict(NamedTuple):
    """`whole_at` is what is kept; `wait_seconds` is zero where the call is let through."""

    whole_at: float
    wait_seconds: float


def judge(whole_at: float, now: float, rate: Rate) -> Verdict:
    """A call at `now`; `whole_at` is what was kept of the calls before, or anything earlier than `now`."""
    after = max(whole_at, now) + 1 / rate.per_second
    wait_seconds = after - now - rate.burst / rate.per_second
    return Verdict(whole_at, wait_seconds) if wait_seconds > 0 else Verdict(after, 0.0)
