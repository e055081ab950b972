"""Whole objects without what the driver does around every request: nine tenths of what a small one costs."""

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from aiobotocore.response import AioStreamingBody  # type: ignore[import-untyped]  # -- aiobotocore has no types
from botocore.auth import S3SigV4Auth  # type: ignore[import-untyped]  # -- see above
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]  # -- see above
from botocore.credentials import Credentials  # type: ignore[import-untyped]  # -- see above
from botocore.exceptions import HTTPClientError  # type: ignore[import-untyped]  # -- see above

from services.platform.objectstore.port import ObjectInfo
from services.platform.objectstore.s3_client import USER_AGENT, S3Client
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

    def __init__(self, client: S3Client, signer: S3SigV4Auth, place: str) -> None:
        """`place` is the address of the bucket, ending in "/"."""
        self._http = client._endpoint.http_session  # noqa: SLF001 -- the driver tells nobody; another pool would be another TLS
        self._signer = signer
        self._place = place
        self._refused = False

    @classmethod
    async def of(cls, client: S3Client, settings: S3Settings) -> "QuickReads | None":
        """None where the driver alone knows what to do: it checks the checksums of a server that sends them."""
        if settings.checksums != "when_required":
            return None
        credentials = Credentials(settings.access_key_id, settings.secret_access_key.get_secret_value())
        signer = S3SigV4Auth(credentials, "s3", settings.region)
        where = {"Bucket": settings.bucket, "Key": _ANY_KEY}
        url: str = await client.generate_presigned_url("get_object", Params=where)
        return cls(client, signer, url.partition("?")[0].removesuffix(_ANY_KEY))

    async def get(self, key: str, name: str) -> Answer | None:
        """The object `name` of the bucket, which is told as `key`; None where the driver is to be asked."""
        if self._refused:
            return None
        place = self._place + quote(name, safe=_UNRESERVED)
        request = AWSRequest("GET", place, headers={"User-Agent": USER_AGENT}, stream_output=True)
        self._signer.add_auth(request)
        try:
            said = await self._http.send(request.prepare())
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
