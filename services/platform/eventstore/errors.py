"""Why a service must not decide any more, or a log not be filled; none is worth a retry or the fault of one event.

NightkeepError
├── SetBackError         PostgreSQL was set back: it lacks events that the log has
├── LogPartedError       the log is another one than the one that was written to
├── LogNotEmptyError     a log is filled from the event tables only where nothing is on it
└── ServiceRunsError     a log is filled from the event tables only while nobody else writes to it
"""

from services.platform.process.errors import NightkeepError


class SetBackError(NightkeepError):
    """The log holds an event of this service that its table lacks: PostgreSQL was set back to an earlier state."""


class LogPartedError(NightkeepError):
    """The log does not hold what was published to it: the topic was recreated, or it is another cluster."""


class LogNotEmptyError(NightkeepError):
    """The log that was to be filled from the event tables holds something already."""


class ServiceRunsError(NightkeepError):
    """A log is to be filled from the event tables while a service publishes to it."""
