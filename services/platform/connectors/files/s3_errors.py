"""What the object store says becomes what the port says: it is the environment's place here, not the repository."""

from collections.abc import Iterator
from contextlib import contextmanager

from contracts.errors import FailureCode
from services.platform.connectors.files.errors import (
    DocumentSpaceError,
    DocumentsUnavailableError,
    DocumentsUnreachableError,
    HostilePlaceError,
)
from services.platform.objectstore import InvalidKeyError, StoreRefusedError, StoreUnavailableError


@contextmanager
def translated(subject: str) -> Iterator[None]:
    """Raises the port's errors; ObjectNotFoundError and the conditions are the caller's to understand."""
    try:
        yield
    except StoreUnavailableError as error:
        raise DocumentsUnavailableError(f"the documents in {subject} do not answer: {error.reason}") from error
    except StoreRefusedError as error:
        if error.code is FailureCode.NO_SPACE:
            raise DocumentSpaceError(f"no space is left for documents in {subject}: {error.reason}") from error
        raise DocumentsUnreachableError(
            f"the documents in {subject} cannot be used: {error.reason}. Correct the environment or its credentials"
        ) from error
    except InvalidKeyError as error:
        raise HostilePlaceError(error.reason) from error
