"""The one question about an error: is it worth trying again (yes: transient, no: permanent).

    NightkeepError
    ├── TransientError      yes: the same call may succeed later
    └── PermanentError      no: somebody has to change something first

Drivers' errors become one of these at the border where the driver is used, with `raise … from`.
"""

from contracts.errors import FailureCode


class NightkeepError(Exception):
    """Something went wrong that has a name.

    `reason` says what was wrong and what to do, without secrets; `code` is what crosses a process when it ends work;
    `retryable` tells whoever reads the failure afterwards whether asking again makes sense.
    """

    retryable = False

    def __init__(self, reason: str, *, code: FailureCode = FailureCode.INTERNAL) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


class TransientError(NightkeepError):
    """Yes, try again: an engine was away, a lock was held, somebody else was faster."""

    retryable = True


class PermanentError(NightkeepError):
    """No: trying again as it is gives the same answer."""
