"""Whole objects without what the driver does around every request: nine tenths of what a small one costs."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlsplit

from aiobotocore.response import AioStreamingBody  # type: ignore[import-untyped]  # -- aiobotocore has no types
from botocore.awsrequest import AWSPreparedRequest, HeadersDict  # type: ignore[import-untyped]  # -- see above
from botocore.exceptions import HTTPClientError  # type: ignore[import-untyped]  # -- see above

from services.platform.objectstore.port import ObjectInfo
from services.platform.objectstore.s3_client import USER_AGENT, S3Client
from services.platform.objectstore.s3_signing import Signer
from services.platform.process.settings import S3Settings

_ANY_KEY: Final = "x"
_UNRESERVED: Final = "/-._~"
"""What stays as it is in a path that is signed."""
_MISSING: Final = HTTPStatus.NOT_FOUND
_SERVER_ERROR: Final = HTTPStatus.INTERNAL_SERVER_ERROR


@dataclass(frozen=True, slots=True)
class Answer:
    """An object that comes: which state it is, and its bytes. Close the body."""

    info: ObjectInfo
    body: Any
    """As the driver's own: `async with`, `read`, `iter_chunks`."""


class QuickReads:
    """Asks the server through the driver's own connections; for whatever is not simply there, the driver is to ask.

    It retries, follows, and names what is wrong. A server that refuses what is asked here is not asked so again.
    """

    def __init__(self, client: S3Client, signer: Signer, place: str) -> None:
        """`place` is the address of the bucket, ending in "/"."""
        self._http = client._endpoint.http_session  # noqa: SLF001 -- the driver tells nobody; another pool would be another TLS
        self._signer = signer
        parts = urlsplit(place)
        self._host = parts.netloc
        self._root = parts.path
        self._server = f"{parts.scheme}://{parts.netloc}"
        self._refused = False

    @classmethod
    async def of(cls, client: S3Client, settings: S3Settings) -> "QuickReads | None":
        """None where the driver alone knows what to do: it checks the checksums of a server that sends them."""
        if settings.checksums != "when_required":
            return None
        signer = Signer(settings.region, settings.access_key_id, settings.secret_access_key.get_secret_value())
        where = {"Bucket": settings.bucket, "Key": _ANY_KEY}
        url: str = await client.generate_presigned_url("get_object", Params=where)
        return cls(client, signer, url.partition("?")[0].removesuffix(_ANY_KEY))

    async def get(self, key: str, name: str) -> Answer | None:
        """The object `name` of the bucket, which is told as `key`; None where the driver is to be asked."""
        if self._refused:
            return None
        path = self._root + quote(name, safe=_UNRESERVED)
        headers = self._signer.headers(self._host, path, datetime.now(UTC)) | {"User-Agent": USER_AGENT}
        request = AWSPreparedRequest("GET", self._server + path, HeadersDict(headers), None, True)  # noqa: FBT003 -- not ours
        try:
            said = await self._http.send(request)
        except HTTPClientError:
            return None
        if said.status_code == HTTPStatus.OK and (info := _info(key, said.headers)):
            return Answer(info, AioStreamingBody(said.raw, said.headers["content-length"]))
        said.raw.close()
        self._refused = said.status_code != _MISSING and said.status_code < _SERVER_ERROR
        return None


def _info(key: str, headers: dict[str, str]) -> ObjectInfo | None:
    try:
        modified_at = parsedate_to_datetime(headers["last-modified"])
        return ObjectInfo(key, int(headers["content-length"]), headers["etag"], modified_at)
    except (KeyError, ValueError):
        return None
