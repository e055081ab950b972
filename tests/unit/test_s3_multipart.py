"""An upload in parts that goes wrong tells what went wrong, whatever becomes of its abortion."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError  # type: ignore[import-untyped]  # -- no types

from services.platform.objectstore.s3_multipart import upload

GONE = EndpointConnectionError(endpoint_url="http://store")
REFUSED = ClientError({"Error": {"Code": "AccessDenied"}}, "AbortMultipartUpload")


class Client:
    """A store that takes no part, and no abortion either."""

    def __init__(self, abortion: Exception) -> None:
        self._abortion = abortion
        self.aborted: list[str] = []

    async def list_multipart_uploads(self, **_: object) -> dict[str, Any]:
        return {}

    async def create_multipart_upload(self, **_: object) -> dict[str, str]:
        return {"UploadId": "1"}

    async def upload_part(self, **_: object) -> dict[str, str]:
        raise ClientError({"Error": {"Code": "XMinioStorageFull"}}, "UploadPart")

    async def abort_multipart_upload(self, **told: str) -> None:
        self.aborted.append(told["UploadId"])
        raise self._abortion


@pytest.mark.parametrize("abortion", [GONE, REFUSED, TimeoutError()], ids=["gone", "refused", "silent"])
async def test_the_first_error_is_told(abortion: Exception) -> None:
    client = Client(abortion)
    with pytest.raises(ClientError, match="XMinioStorageFull"):
        async with upload(client, {"Bucket": "b", "Key": "k"}) as begun:
            await begun.add(b"part")
    assert client.aborted == ["1"]
