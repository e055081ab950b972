"""What follows from how an attempt ended: pure."""

from services.platform.jobs.errors import TriesExhaustedError
from services.platform.process.errors import NightkeepError, PermanentError


def pause_seconds(attempt: int, *, first: float, last: float, chance: float) -> float:
    """How long to wait after the failed try `attempt` (from 1): doubling from `first` to `last`, with jitter.

    `chance` in [0, 1] spreads it over the upper half, so that jobs that failed together do not come back together.
    """
    whole = min(first * 2.0 ** min(attempt - 1, 60), last)
    return whole * (0.5 + 0.5 * chance)


def verdict(error: NightkeepError, *, attempt: int, tries: int) -> PermanentError | None:
    """The error that ends the job for good, or None: it is worth another try."""
    if isinstance(error, PermanentError):
        return error
    if attempt < tries:
        return None
    return TriesExhaustedError(f"{error.reason} (tried {attempt} times)", code=error.code)
