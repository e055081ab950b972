"""Objects too large for one request, part by part by hand; what was begun and not completed is aborted."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]  # -- botocore has no types

from services.platform.objectstore.s3_client import S3Client
from services.platform.process.seams import Seam, passing

PART_BYTES: Final = 16 * 1024 * 1024
"""In memory once per upload; with S3's limit of 10,000 parts an object has at most 156 GiB."""


@dataclass
class Upload:
    """One multipart upload under way."""

    client: S3Client
    place: dict[str, str]
    upload_id: str
    parts: list[dict[str, Any]] = field(default_factory=list)

    async def add(self, data: bytes) -> None:
        """Upload the next part."""
        number = len(self.parts) + 1
        answer = await self.client.upload_part(
            **self.place, UploadId=self.upload_id, PartNumber=number, Body=data, ContentLength=len(data)
        )
        self.parts.append({"PartNumber": number, "ETag": answer["ETag"]})

    async def add_copy(self, source: dict[str, str], first: int, last: int) -> None:
        """Make the next part from the bytes `first` to `last`, both included, of another object."""
        number = len(self.parts) + 1
        answer = await self.client.upload_part_copy(
            **self.place,
            UploadId=self.upload_id,
            PartNumber=number,
            CopySource=source,
            CopySourceRange=f"bytes={first}-{last}",
        )
        self.parts.append({"PartNumber": number, "ETag": answer["CopyPartResult"]["ETag"]})

    async def complete(self) -> None:
        """Let the object appear, whole."""
        with passing(Seam.COMPLETE):
            await self.client.complete_multipart_upload(
                **self.place, UploadId=self.upload_id, MultipartUpload={"Parts": self.parts}
            )


@asynccontextmanager
async def upload(client: S3Client, place: dict[str, str]) -> AsyncIterator[Upload]:
    """A multipart upload that is aborted unless the block ends well.

    One of the same object that nobody ended goes first: whoever began it was killed, or has lost its lease, or could
    not abort it. Raises what the block, or the store at its end, has raised.
    """
    with suppress(ClientError):  # who may not, or cannot, leaves them to the bucket's own rules
        await _abort_begun(client, place)
    begun = Upload(client, place, (await client.create_multipart_upload(**place))["UploadId"])
    try:
        yield begun
        await begun.complete()
    except BaseException:
        with suppress(
            ClientError, BotoCoreError, TimeoutError, OSError
        ):  # what went wrong first is told; the next upload aborts this one
            await client.abort_multipart_upload(**place, UploadId=begun.upload_id)
        raise


async def _abort_begun(client: S3Client, place: dict[str, str]) -> None:
    answer = await client.list_multipart_uploads(Bucket=place["Bucket"], Prefix=place["Key"])
    for begun in answer.get("Uploads", ()):
        if begun["Key"] == place["Key"]:
            await client.abort_multipart_upload(**place, UploadId=begun["UploadId"])
