"""Why an attempt at a job ended.

NightkeepError
└── LeaseLostError            the job has another worker now, or has ended: this one must change nothing more
TransientError
└── NoProgressError           it moved nothing for too long; it is tried again
PermanentError
├── JobCancelledError         somebody asked for its end; code CANCELLED, reason "cancelled by …"
└── TriesExhaustedError       transient errors outlasted its tries; asking again later makes sense (`retryable`)
"""

from contracts.errors import FailureCode
from services.platform.process.errors import NightkeepError, PermanentError, TransientError


class LeaseLostError(NightkeepError):
    """Raised wherever a worker with an old epoch tries to change something. Let it pass: nothing is to be undone."""


class NoProgressError(TransientError):
    """The job moved nothing for longer than it may."""


class JobCancelledError(PermanentError):
    """The job was cancelled; `by` is the actor."""

    def __init__(self, by: str) -> None:
        super().__init__(f"cancelled by {by}", code=FailureCode.CANCELLED)
        self.by = by


class TriesExhaustedError(PermanentError):
    """All tries ended with transient errors; the reason is the last one's."""

    retryable = True
