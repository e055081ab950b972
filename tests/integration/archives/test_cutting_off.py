"""What is being downloaded when its archive ends: cut off where somebody cancelled it, else served to its end."""

import asyncio
from typing import Final

import httpx
import pytest

from services.gateway.adapters.downloads import LOOK_SECONDS
from tests.support.archiving import documents
from tests.support.downloading import Shelf, dump_of
from tests.support.gateway import Json

DOCUMENTS: Final = documents(80, 500_000)
"""More than the buffers of a connection hold."""


async def _downloaded_past(shelf: Shelf, archive: Json, *, cancel: bool) -> int:
    """How many bytes come of a download during which the archive ends."""
    size_bytes = 0
    async with shelf.stranger() as client, client.stream("GET", archive["url"]) as answer:
        if cancel:
            assert (await shelf.api.client.post(f"/api/v1/archives/{archive['archive_id']}/cancel")).is_success
        else:
            over = "UPDATE gateway.archive SET link_ends_at = clock_timestamp() WHERE archive_id = $1::text::uuid"
            await shelf.execute(over, archive["archive_id"])
        await shelf.ended(archive, "expired")
        await asyncio.sleep(LOOK_SECONDS + 1)
        async for data in answer.aiter_raw():
            size_bytes += len(data)
    return size_bytes


async def test_a_download_of_an_archive_that_is_cancelled_meanwhile_is_cut_off(shelf: Shelf) -> None:
    archive = await shelf.archive(await shelf.backup(dump_of(10), DOCUMENTS))
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        await _downloaded_past(shelf, archive, cancel=True)


async def test_a_download_whose_link_ends_meanwhile_comes_to_its_end(shelf: Shelf) -> None:
    archive = await shelf.archive(await shelf.backup(dump_of(10), DOCUMENTS))
    assert await _downloaded_past(shelf, archive, cancel=False) == archive["size_bytes"]
