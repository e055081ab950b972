"""Objects in a bucket of an S3 server."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any, Final

from services.platform.objectstore.errors import AlreadyExistsError, ObjectChangedError, ObjectNotFoundError
from services.platform.objectstore.keys import checked
from services.platform.objectstore.pieces import regrouped
from services.platform.objectstore.port import PIECE_BYTES, ObjectInfo, Tell, untold
from services.platform.objectstore.s3_client import S3Client, s3_client
from services.platform.objectstore.s3_errors import BehindTheEndError, translated
from services.platform.objectstore.s3_multipart import PART_BYTES, upload
from services.platform.objectstore.s3_quick import Answer, QuickReads
from services.platform.process.seams import Seam, passing
from services.platform.process.settings import S3Settings

SINGLE_COPY_BYTES: Final = 5 * 1024**3
"""S3 copies at most so much in one request."""
COPY_PART_BYTES: Final = 1024**3
VERSIONED: Final = ("Enabled", "Suspended")
DEFAULT_REGION: Final = "us-east-1"
"""S3 takes this one as the absence of a place, and refuses it as a place."""


class S3ObjectStore:
    """One bucket, below `prefix` ("" or ending in "/"); keys in and out are without it. See ObjectStore."""

    def __init__(
        self, client: S3Client, quick: QuickReads | None, bucket: str, prefix: str, *, single_copy_bytes: int
    ) -> None:
        self.bucket: Final = bucket
        self._client = client
        self._quick = quick
        self._bucket = bucket
        self._prefix = prefix
        self._single_copy_bytes = single_copy_bytes

    @classmethod
    @asynccontextmanager
    async def open(
        cls, settings: S3Settings, *, single_copy_bytes: int = SINGLE_COPY_BYTES
    ) -> AsyncIterator["S3ObjectStore"]:
        """The store that `settings` name; the bucket must exist when it is used."""
        prefix = settings.prefix.strip("/")
        async with s3_client(settings) as client:
            quick = await QuickReads.of(client, settings)
            below = f"{prefix}/" if prefix else ""
            yield cls(client, quick, settings.bucket, below, single_copy_bytes=single_copy_bytes)

    def _place(self, key: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + checked(key)}

    async def put(self, key: str, data: bytes, *, only_if_absent: bool = False) -> str:
        """See ObjectStore: If-None-Match lets the server decide who is first."""
        condition = {"IfNoneMatch": "*"} if only_if_absent else {}
        place = self._place(key)
        try:
            with translated(key, first=only_if_absent), passing(Seam.CREATE if only_if_absent else Seam.PUT):
                answer = await self._client.put_object(**place, Body=data, **condition)
        except AlreadyExistsError:
            if (own := await self._own(key, data)) is None:
                raise
            return own
        return str(answer["ETag"])

    async def _own(self, key: str, data: bytes) -> str | None:
        """The etag, if just this lies there: the driver asks again when an answer was lost, and then meets its own."""
        with suppress(ObjectNotFoundError):
            there = await self.head(key)
            if there.size_bytes == len(data) and await self.get(key) == data:
                return there.etag
        return None

    async def put_stream(self, key: str, pieces: AsyncIterator[bytes]) -> None:
        """See ObjectStore: one request if it fits into a part, else a multipart upload."""
        place = self._place(key)
        async with aclosing(regrouped(pieces, PART_BYTES)) as parts:
            first = await anext(parts)
            if len(first) < PART_BYTES:
                await self.put(key, first)
                return
            with translated(key):
                async with upload(self._client, place) as begun:
                    await begun.add(first)
                    async for part in parts:
                        await begun.add(part)

    async def replace(self, key: str, data: bytes, *, etag: str) -> str:
        """See ObjectStore."""
        place = self._place(key)
        try:
            with translated(key), passing(Seam.REPLACE):
                answer = await self._client.put_object(**place, Body=data, IfMatch=etag)
        except (ObjectChangedError, ObjectNotFoundError) as error:  # AWS says the second of one that is gone
            if (own := await self._own(key, data)) is None:
                raise ObjectChangedError(key) from error
            return own
        return str(answer["ETag"])

    async def get(self, key: str) -> bytes:
        """See ObjectStore."""
        with translated(key):
            async with (await self._answer(key)).body as body:
                data: bytes = await body.read()
        return data

    async def get_range(self, key: str, offset: int, size_bytes: int) -> bytes:
        """See ObjectStore."""
        if size_bytes == 0:
            return b""
        place = self._place(key)
        try:
            with translated(key):
                answer = await self._client.get_object(**place, Range=f"bytes={offset}-{offset + size_bytes - 1}")
                async with answer["Body"] as body:
                    data: bytes = await body.read()
        except BehindTheEndError:
            return b""
        return data

    async def stream(self, key: str, *, tell: Tell = untold) -> AsyncIterator[bytes]:
        """See ObjectStore."""
        with translated(key):
            answer = await self._answer(key)
            async with answer.body as body:
                tell(answer.info)
                async for piece in body.iter_chunks(PIECE_BYTES):
                    yield piece

    async def _answer(self, key: str) -> Answer:
        place = self._place(key)
        if self._quick and (quick := await self._quick.get(key, place["Key"])):
            return quick
        answer = await self._client.get_object(**place)
        return Answer(_info(key, answer), answer["Body"])

    async def head(self, key: str) -> ObjectInfo:
        """See ObjectStore."""
        place = self._place(key)
        with translated(key):
            return _info(key, await self._client.head_object(**place))

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        """See ObjectStore."""
        async for page in self._pages(prefix):
            for entry in page.get("Contents", ()):
                yield self._listed(entry)

    async def names(self, prefix: str) -> AsyncIterator[str]:
        """See ObjectStore."""
        before = self._prefix + prefix
        async for page in self._pages(prefix, Delimiter="/"):
            keys = [entry["Key"] for entry in page.get("Contents", ()) if entry["Key"] != before]
            for key in (*keys, *(entry["Prefix"] for entry in page.get("CommonPrefixes", ()))):
                yield key.removeprefix(before).rstrip("/")

    async def _pages(self, prefix: str, **how: str) -> AsyncIterator[dict[str, Any]]:
        """At most 1,000 at a time."""
        asked = {"Bucket": self._bucket, "Prefix": self._prefix + prefix, **how}
        after: dict[str, str] | None = {}
        while after is not None:
            with translated(prefix):
                page = await self._client.list_objects_v2(**asked, **after)
            yield page
            after = {"ContinuationToken": page["NextContinuationToken"]} if page.get("IsTruncated") else None

    def _listed(self, entry: dict[str, Any]) -> ObjectInfo:
        key = entry["Key"].removeprefix(self._prefix)
        return ObjectInfo(key, entry["Size"], entry["ETag"], entry["LastModified"])

    async def copy(self, source: str, target: str) -> None:
        """See ObjectStore: by the server itself."""
        origin, place = self._place(source), self._place(target)
        size_bytes = (await self.head(source)).size_bytes
        with translated(source), passing(Seam.COPY):
            if size_bytes <= self._single_copy_bytes:
                await self._client.copy_object(**place, CopySource=origin)
            else:
                await self._copy_in_parts(origin, place, size_bytes)

    async def _copy_in_parts(self, origin: dict[str, str], place: dict[str, str], size_bytes: int) -> None:
        step = min(COPY_PART_BYTES, self._single_copy_bytes)
        async with upload(self._client, place) as begun:
            for first in range(0, size_bytes, step):
                await begun.add_copy(origin, first, min(first + step, size_bytes) - 1)

    async def delete(self, key: str) -> None:
        """See ObjectStore."""
        place = self._place(key)
        with translated(key), passing(Seam.DELETE):
            await self._client.delete_object(**place)

    async def keeps_old_versions(self) -> bool:
        """See KeepsVersions."""
        with translated(self._bucket):
            answer = await self._client.get_bucket_versioning(Bucket=self._bucket)
        return answer.get("Status") in VERSIONED

    async def create_bucket(self, region: str) -> bool:
        """Make the bucket, unless it is there; returns whether it was made. For provisioning alone."""
        try:
            with translated(self._bucket):
                await self._client.head_bucket(Bucket=self._bucket)
        except ObjectNotFoundError:
            pass
        else:
            return False
        where = {} if region == DEFAULT_REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        with translated(self._bucket):
            await self._client.create_bucket(Bucket=self._bucket, **where)
        return True


def _info(key: str, answer: dict[str, Any]) -> ObjectInfo:
    return ObjectInfo(key, answer["ContentLength"], answer["ETag"], answer["LastModified"])
