"""A gateway that dies while it makes an archive, and while it sends one: nothing is lost, and no byte differs."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from services.platform.process.settings import KafkaSettings, PostgresSettings, S3Settings
from tests.support.archiving import documents
from tests.support.buckets import fresh_prefix
from tests.support.downloading import ENDS_WITHIN_SECONDS, Shelf, dump_of, open_shelf
from tests.support.eventually import eventually
from tests.support.gateway import Json, open_api

QUICK = {
    "NIGHTKEEP_WORKER__LEASE_SECONDS": "6",
    "NIGHTKEEP_WORKER__HEARTBEAT_SECONDS": "2",
    "NIGHTKEEP_WORKER__BACKOFF_FIRST_SECONDS": "0.1",
}
pytestmark = pytest.mark.timeout(900)
DOCUMENTS = documents(40, 400_000)
"""More than the buffers of a connection hold."""


@pytest.fixture
async def mortal(
    kafka: KafkaSettings, postgres: PostgresSettings, s3: S3Settings, tmp_path: Path
) -> AsyncIterator[Shelf]:
    """A gateway of this test's own."""
    async with (
        fresh_prefix(s3) as (settings, _),
        open_api(kafka, postgres, tmp_path, settings, **QUICK) as api,
        open_shelf(api) as opened,
    ):
        yield opened


async def kill_and_start_again(shelf: Shelf) -> None:
    shelf.api.platform.services["gateway"].end()
    await shelf.api.platform.start("gateway")


@pytest.mark.parametrize("data_type", ["files_and_database", "database_only"])
async def test_an_archive_whose_gateway_died_is_made_by_the_next_one(mortal: Shelf, data_type: str) -> None:
    backup = await mortal.backup(dump_of(60_000), DOCUMENTS)
    asked = await mortal.ask(backup, data_type)

    async def has_begun() -> bool:
        async with mortal.api.database.transaction() as c:
            found = await c.fetchval("SELECT count(*) FROM gateway.job WHERE kind = 'archive' AND state <> 'waiting'")
        return bool(found)

    await eventually(has_begun, within_seconds=ENDS_WITHIN_SECONDS)
    await kill_and_start_again(mortal)
    archive = await mortal.ended(asked)
    async with mortal.stranger() as client:
        whole = (await client.get(archive["url"])).content
    assert (len(whole), hashlib.sha256(whole).hexdigest()) == (archive["size_bytes"], archive["sha256"])


async def test_a_cancelled_archive_whose_gateway_died_lets_its_backup_go_at_the_next_one(mortal: Shelf) -> None:
    backup = await mortal.backup(dump_of(10), {})
    mortal.api.platform.services["catalog"].end()  # so that it is not let go before
    asked = await mortal.ended(await mortal.ask(backup), "running")
    cancelled = await mortal.api.client.post(f"/api/v1/archives/{asked['archive_id']}/cancel")
    assert cancelled.json()["state"] == "failed", cancelled.text
    mortal.api.platform.services["gateway"].end()
    await mortal.api.platform.start("catalog", "gateway")
    await mortal.left_alone(backup, asked)
    seen = (await mortal.api.client.get(f"/api/v1/archives/{asked['archive_id']}")).json()
    assert seen["status_message"] == "cancelled by user:ada"


async def test_a_download_whose_gateway_died_goes_on_at_the_next_one(mortal: Shelf) -> None:
    archive = await mortal.archive(await mortal.backup(dump_of(10), DOCUMENTS), "files_only")
    got = await _until_it_breaks(mortal, archive)
    assert 0 < len(got) < archive["size_bytes"]
    await mortal.api.platform.start("gateway")
    async with mortal.stranger() as client:
        rest = await client.get(archive["url"], headers={"Range": f"bytes={len(got)}-"})
    assert rest.status_code == httpx.codes.PARTIAL_CONTENT
    assert hashlib.sha256(got + rest.content).hexdigest() == archive["sha256"]


async def _until_it_breaks(shelf: Shelf, archive: Json) -> bytes:
    """What arrives of a download whose gateway is killed after the first piece."""
    got = b""
    with pytest.raises(httpx.TransportError):  # noqa: PT012 -- it may break at any of these lines
        async with shelf.stranger() as client, client.stream("GET", archive["url"]) as answer:
            async for piece in answer.aiter_raw():
                got += piece
                if len(got) == len(piece):
                    shelf.api.platform.services["gateway"].end()
    return got
