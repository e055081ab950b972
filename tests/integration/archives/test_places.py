"""So many read backups at once as there are places: others are told that, and come back."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Final

import httpx
import pytest

from tests.support.archiving import documents
from tests.support.downloading import Shelf, dump_of
from tests.support.eventually import eventually
from tests.support.gateway import Json, second_gateway
from tests.support.local_client import loopback_client

DOCUMENTS: Final = documents(80, 500_000)
"""More than the buffers of a connection hold: a download that nobody reads keeps its place."""
PLACES: Final = 2


@pytest.fixture
async def narrow(shelf: Shelf) -> AsyncIterator[Shelf]:
    """The same archives through a gateway with few places."""
    async with second_gateway(shelf.api, NIGHTKEEP_GATEWAY__DOWNLOADS_AT_ONCE=str(PLACES)) as api:
        yield replace(shelf, api=api)


async def test_too_many_downloads_at_once_are_asked_to_come_back_and_served_when_one_ends(
    shelf: Shelf, narrow: Shelf
) -> None:
    backup = await shelf.backup(dump_of(10), DOCUMENTS)
    link = (await shelf.archive(backup))["url"].removeprefix(shelf.api.url)
    first = {"Range": "bytes=0-9"}
    async with AsyncExitStack() as held, loopback_client(base_url=narrow.api.url, timeout=120) as client:
        for _ in range(PLACES):
            begun = await held.enter_async_context(client.stream("GET", link))
            assert begun.status_code == httpx.codes.OK
        refused = [await client.get(link), await client.get(link, headers=first), await _tables(narrow, backup)]
        for answer in refused:
            assert _told(answer) == (503, "TOO_MANY_AT_ONCE")
            assert answer.json()["errorMessage"].startswith("too many backups and archives are being read")
            assert int(answer.headers["retry-after"]) >= 1
        assert (await client.head(link)).status_code == httpx.codes.OK
        await begun.aclose()

        async def served() -> bool:
            return (await client.get(link, headers=first)).status_code == httpx.codes.PARTIAL_CONTENT

        await eventually(served)
        assert (await _tables(narrow, backup)).status_code == httpx.codes.OK


async def _tables(shelf: Shelf, backup: Json) -> httpx.Response:
    async with shelf.api.connect(shelf.api.key) as client:
        return await client.get(f"/api/v1/backups/{backup['backup_id']}/tables")


def _told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errorCode"]
