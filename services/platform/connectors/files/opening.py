"""Opens the documents of an environment, wherever they are."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

from contracts.errors import FailureCode
from contracts.values import DirectoryFiles, FilesPlace, S3Files
from services.platform.connectors.files.directory import DirectoryDocuments
from services.platform.connectors.files.port import DocumentStore
from services.platform.connectors.files.s3 import S3Documents
from services.platform.connectors.files.threads import threads
from services.platform.objectstore.s3 import S3ObjectStore
from services.platform.process.errors import PermanentError
from services.platform.process.settings import S3Settings


class Secrets(Protocol):
    """What resolves `secret:<name>` (`services.platform.process.secrets.SecretDirectory` does)."""

    def resolve(self, reference: str) -> SecretStr:
        """The secret behind a reference; raises a PermanentError when there is none."""
        ...


class CredentialsError(PermanentError):
    """The secret is there and is no pair of keys."""

    def __init__(self, reference: str) -> None:
        super().__init__(
            f"{reference} must be `<access key id>:<secret access key>`: store it so with `nightkeep secret put`",
            code=FailureCode.SECRET_MISSING,
        )


@asynccontextmanager
async def open_documents(place: FilesPlace, secrets: Secrets) -> AsyncIterator[DocumentStore]:
    """The documents at `place`; nothing is looked at yet, and what was opened ends with the block.

    Raises a PermanentError when the credentials of a bucket cannot be had.
    """
    match place:
        case DirectoryFiles():
            async with threads() as some:
                yield DirectoryDocuments(Path(place.path), some)
        case S3Files():
            async with S3ObjectStore.open(s3_settings(place, secrets)) as store:
                yield S3Documents(store, f"bucket {place.bucket}")


def s3_settings(place: S3Files, secrets: Secrets) -> S3Settings:
    """What the driver needs. Raises a PermanentError when there is no such secret, or it is no pair of keys."""
    key_id, colon, key = secrets.resolve(place.credentials).get_secret_value().strip().partition(":")
    if not (key_id and colon and key):
        raise CredentialsError(place.credentials)
    return S3Settings(
        endpoint_url=place.endpoint_url,
        region=place.region,
        bucket=place.bucket,
        prefix=place.prefix,
        access_key_id=key_id,
        secret_access_key=SecretStr(key),
    )
