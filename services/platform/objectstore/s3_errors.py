"""The S3 driver's errors become the port's, and nothing of them leaves this package."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from botocore.exceptions import (  # type: ignore[import-untyped]  # -- botocore has no types
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    ParamValidationError,
)

from contracts.errors import FailureCode
from services.platform.objectstore.errors import (
    AlreadyExistsError,
    ObjectChangedError,
    ObjectNotFoundError,
    StoreRefusedError,
    StoreUnavailableError,
)

_NOT_FOUND: Final = {"NoSuchKey", "404", "NotFound"}
_PRECONDITION: Final = {"PreconditionFailed", "412"}
_BEHIND_THE_END: Final = {"InvalidRange", "416"}
_AGAIN: Final = {
    "ConditionalRequestConflict",
    "NoSuchUpload",
    "OperationAborted",
    "RequestTimeout",
    "SlowDown",
    "Throttling",
    "429",
}
"""Of an upload in parts that is gone, too: somebody who lost its lease has begun the same one meanwhile."""
_SERVER_ERROR: Final = 500
_CONFLICT: Final = 409
_FULL: Final = 507
_QUOTA: Final = {"QuotaExceeded", "XMinioAdminBucketQuotaExceeded"}
"""Ceph's and MinIO's words for it, with statuses that mean refusals otherwise.

Full is tried again like an outage: somebody makes room meanwhile, or what was let go is removed.
"""

_ADDING: Final = {"PutObject", "UploadPart", "CreateMultipartUpload", "CompleteMultipartUpload", "CopyObject"}
_PERHAPS_FULL: Final = " (some stores say no more than that when they are full: look at its room)"
"""SeaweedFS without a free volume answers InternalError, and why is in its log alone."""


class BehindTheEndError(StoreRefusedError):
    """A range that begins behind the object's end."""


@contextmanager
def translated(key: str, *, first: bool = False) -> Iterator[None]:
    """Raises the port's errors; a failed precondition says that somebody was `first`, or that the object changed."""
    try:
        yield
    except ClientError as error:
        raise _named(error, key, first=first) from error
    except (NoCredentialsError, ParamValidationError) as error:
        raise StoreRefusedError(f"the object store cannot be asked: {error}") from error
    except (BotoCoreError, TimeoutError, OSError) as error:
        raise StoreUnavailableError(f"the object store did not answer: {_words(error)}") from error


def _named(error: ClientError, key: str, *, first: bool) -> Exception:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _NOT_FOUND:
        return ObjectNotFoundError(key)
    if code in _PRECONDITION:
        return AlreadyExistsError(key) if first else ObjectChangedError(key)
    if code in _BEHIND_THE_END:
        return BehindTheEndError(f"a range behind the end of {key!r}")
    if status == _FULL or code in _QUOTA:
        return StoreUnavailableError(
            f"the object store is full ({code or status}): {_words(error)}", code=FailureCode.NO_SPACE
        )
    if code in _AGAIN or status >= _SERVER_ERROR or status == _CONFLICT:
        perhaps = _PERHAPS_FULL if status == _SERVER_ERROR and error.operation_name in _ADDING else ""
        return StoreUnavailableError(
            f"the object store could not do it now ({code or status}): {_words(error)}{perhaps}"
        )
    return StoreRefusedError(f"the object store refused ({code or status}): {_words(error)}")


def _words(error: Exception) -> str:
    return str(error)[:300] or type(error).__name__
