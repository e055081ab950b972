"""Why events cannot be appended or published.

TransientError
└── UnreconciledError    a connection was lost: it is not known yet whether PostgreSQL has what the log has
PermanentError
├── SetBackError         PostgreSQL was set back: it lacks events that the log has
└── LogPartedError       the log is another one than the one that was written to
"""

from services.platform.process.errors import PermanentError, TransientError


class UnreconciledError(TransientError):
    """Nothing is decided until the log was read; that is under way."""


class SetBackError(PermanentError):
    """The log holds an event of this service that its table lacks: PostgreSQL was set back to an earlier state."""


class LogPartedError(PermanentError):
    """The log does not hold what was published to it: the topic was recreated, or it is another cluster."""
