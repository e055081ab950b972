"""A place of its own for each test in one bucket: SeaweedFS gives every bucket volumes of its own, and runs out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from services.platform.objectstore.s3 import S3ObjectStore
from services.platform.process.settings import S3Settings

BUCKET = "shared-by-tests"


@asynccontextmanager
async def fresh_prefix(s3: S3Settings, **changes: str) -> AsyncIterator[tuple[S3Settings, S3ObjectStore]]:
    """Settings and a store for an empty prefix of a bucket that is there."""
    settings = s3.model_copy(update={"bucket": BUCKET, "prefix": f"test/{uuid4()}", **changes})
    async with S3ObjectStore.open(settings) as store:
        await store.create_bucket(settings.region)
        yield settings, store
