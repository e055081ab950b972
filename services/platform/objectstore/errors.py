"""Why a call to an object store did not do what it was asked for; the drivers' errors end here.

TransientError
└── StoreUnavailableError    away, overloaded, full, or no answer in time: what was asked may have happened
PermanentError
├── StoreRefusedError        credentials, rights, a bucket that is not there: somebody has to change something
├── UnsafeStoreError         the server accepts conditional puts and does not keep to them
├── InvalidKeyError          a key that leaves its prefix or that no store takes
├── ObjectNotFoundError      there is no such object
├── AlreadyExistsError       a put that must be the first was not
└── ObjectChangedError       the object is not the one that was asked for (any more)
"""

from contracts.errors import FailureCode
from services.platform.process.errors import PermanentError, TransientError


class StoreUnavailableError(TransientError):
    """The store is away, overloaded, full, or did not answer in time. What was asked for may have happened or not."""

    def __init__(self, reason: str, *, code: FailureCode = FailureCode.STORE_UNAVAILABLE) -> None:
        super().__init__(reason, code=code)


class StoreRefusedError(PermanentError):
    """The store said no, and will say it again: wrong credentials, missing rights, no such bucket, no space."""

    def __init__(self, reason: str, *, code: FailureCode = FailureCode.STORE_UNAVAILABLE) -> None:
        super().__init__(reason, code=code)


class UnsafeStoreError(StoreRefusedError):
    """The server takes a conditional put and lets several writers win: no backup is safe there."""


class InvalidKeyError(PermanentError):
    """A key with an empty, `.` or `..` part, a NUL, or too long a name."""


class _AboutObjectError(PermanentError):
    says = "{key}"

    def __init__(self, key: str) -> None:
        super().__init__(self.says.format(key=key), code=FailureCode.STORE_UNAVAILABLE)
        self.key = key


class ObjectNotFoundError(_AboutObjectError):
    """There is no object of that key."""

    says = "there is no object {key!r} in the store"


class AlreadyExistsError(_AboutObjectError):
    """Another writer was first."""

    says = "the object {key!r} exists already"


class ObjectChangedError(_AboutObjectError):
    """The object does not have the expected etag."""

    says = "the object {key!r} is not the one that was seen before"
