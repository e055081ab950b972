"""A link as browsers, curl and download managers use it, and as it must not be used."""

import asyncio
import base64
import hashlib
import io
import tarfile
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from contracts.defaults import DOWNLOADS_AT_ONCE
from contracts.events.archives import ArchiveExpired
from contracts.events.retention import LeaseAcquired
from services.gateway.adapters.archives import queries
from services.gateway.domain.links import Link, address
from services.platform.repository.layout import pack_prefix
from tests.support.archiving import documents
from tests.support.downloading import Shelf, dump_of
from tests.support.dumps import restored
from tests.support.eventually import eventually
from tests.support.gateway import Json

CLOCKS = timedelta(seconds=5)
"""How far the clocks of this process and of PostgreSQL may be apart."""
DOCUMENTS = documents(20, 50_000)


@pytest.fixture(scope="module")
async def backup(shelf: Shelf) -> Json:
    return await shelf.backup(dump_of(60_000), DOCUMENTS)


@pytest.fixture(scope="module")
async def full(shelf: Shelf, backup: Json) -> Json:
    return await shelf.archive(backup)


@pytest.fixture(scope="module")
async def whole(shelf: Shelf, full: Json) -> bytes:
    async with shelf.stranger() as client:
        return (await client.get(full["url"])).content


async def test_a_full_archive_is_what_was_backed_up(full: Json, whole: bytes) -> None:
    assert (len(whole), hashlib.sha256(whole).hexdigest()) == (full["size_bytes"], full["sha256"])
    with tarfile.open(fileobj=io.BytesIO(whole)) as opened:
        held = {file.name: taken.read() for file in opened if (taken := opened.extractfile(file)) is not None}
    tree = {f"tree/{str(id_)[:2]}/{str(id_)[2:4]}/{id_}": data for id_, data in DOCUMENTS.items()}
    metadata = held.pop(".metadata")
    assert b'"modelVersion"' in metadata
    assert held == tree | {"db/db.backup": dump_of(60_000)}


async def test_a_new_link_ends_eight_hours_on(full: Json) -> None:
    asked_at, ready_at, ends_at = (
        datetime.fromisoformat(full[name]) for name in ("created_at", "finished_at", "link_ends_at")
    )
    assert asked_at <= ends_at - timedelta(hours=8) <= ready_at


async def test_a_database_only_archive_is_a_dump_that_says_where_its_data_is(shelf: Shelf, backup: Json) -> None:
    archive = await shelf.archive(backup, "database_only")
    async with shelf.stranger() as client:
        data = (await client.get(archive["url"])).content
    assert hashlib.sha256(data).hexdigest() == archive["sha256"]
    found = restored(data)
    assert found.members[2, 0].count(b"\n") == 60_000
    assert {id_: at for id_, (state, at) in found.offsets.items() if state == 2} == found.begins


@pytest.mark.parametrize("data_type", ["files_and_database", "database_only", "files_only"])
async def test_an_archive_is_estimated_closely_before_it_is_measured(
    shelf: Shelf, backup: Json, data_type: str
) -> None:
    archive = await shelf.archive(backup, data_type)
    assert archive["estimated_bytes"] == pytest.approx(archive["size_bytes"], rel=0.05)


async def test_an_answer_tells_everything_that_a_progress_bar_and_a_resume_need(shelf: Shelf, full: Json) -> None:
    async with shelf.stranger() as client:
        told = await client.head(full["url"])
        got = await client.get(full["url"])
    digest = base64.b64encode(bytes.fromhex(full["sha256"])).decode()
    expected = {
        "content-length": str(full["size_bytes"]),
        "content-type": "application/gzip",
        "content-disposition": f'attachment; filename="{full["file_name"]}"',
        "etag": f'"{full["sha256"]}"',
        "repr-digest": f"sha-256=:{digest}:",
        "accept-ranges": "bytes",
    }
    for answer in (told, got):
        assert answer.status_code == 200
        assert {name: answer.headers.get(name) for name in expected} == expected
        assert "content-encoding" not in answer.headers
        assert "transfer-encoding" not in answer.headers
    assert told.content == b""


async def test_a_broken_download_goes_on_where_it_ended(shelf: Shelf, full: Json, whole: bytes) -> None:
    got = b""
    async with shelf.stranger() as client, client.stream("GET", full["url"]) as answer:
        async for piece in answer.aiter_raw():
            got += piece
            if len(got) > len(whole) // 3:
                break
    async with shelf.stranger() as client:
        rest = await client.get(full["url"], headers={"Range": f"bytes={len(got)}-", "If-Range": f'"{full["sha256"]}"'})
    assert rest.status_code == 206
    assert rest.headers["content-range"] == f"bytes {len(got)}-{len(whole) - 1}/{len(whole)}"
    assert got + rest.content == whole


async def test_several_connections_bring_one_file(shelf: Shelf, full: Json, whole: bytes) -> None:
    step = len(whole) // 6 + 1
    async with shelf.stranger() as client:

        async def part(start: int) -> bytes:
            end = min(start + step, len(whole)) - 1
            answer = await client.get(full["url"], headers={"Range": f"bytes={start}-{end}"})
            assert answer.status_code == 206
            return answer.content

        got = await asyncio.gather(*(part(start) for start in range(0, len(whole), step)))
    assert b"".join(got) == whole


async def test_several_ranges_come_as_parts(shelf: Shelf, full: Json, whole: bytes) -> None:
    async with shelf.stranger() as client:
        answer = await client.get(full["url"], headers={"Range": "bytes=5-9, -7, 100-102"})
    assert answer.status_code == 206
    assert int(answer.headers["content-length"]) == len(answer.content)
    parsed = message_from_bytes(f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode() + answer.content)
    parts = [part for part in parsed.get_payload() if isinstance(part, Message)]
    size = len(whole)
    assert [(part["content-range"], part.get_payload(decode=True)) for part in parts] == [
        (f"bytes 5-9/{size}", whole[5:10]),
        (f"bytes 100-102/{size}", whole[100:103]),
        (f"bytes {size - 7}-{size - 1}/{size}", whole[-7:]),
    ]


@pytest.mark.parametrize(
    "asked", ["bytes=99999999999-", "bytes=-0", "bytes=" + ",".join(f"{n}-{n}" for n in range(0, 60, 2))]
)
async def test_ranges_that_cannot_be_had_are_refused(shelf: Shelf, full: Json, asked: str) -> None:
    async with shelf.stranger() as client:
        answer = await client.get(full["url"], headers={"Range": asked})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{full['size_bytes']}"


@pytest.mark.parametrize("asked", ["bytes=7-3", "lines=1-2", "bytes=a-b", "bytes"])
async def test_what_is_no_range_brings_the_whole(shelf: Shelf, full: Json, asked: str) -> None:
    async with shelf.stranger() as client, client.stream("GET", full["url"], headers={"Range": asked}) as answer:
        assert (answer.status_code, answer.headers["content-length"]) == (200, str(full["size_bytes"]))


async def test_a_part_of_another_file_is_never_continued(shelf: Shelf, full: Json) -> None:
    stale = {"Range": "bytes=5-", "If-Range": '"another"'}
    async with shelf.stranger() as client, client.stream("GET", full["url"], headers=stale) as answer:
        assert (answer.status_code, answer.headers["content-length"]) == (200, str(full["size_bytes"]))


async def test_who_has_the_file_is_told_so_and_who_wants_another_one_too(shelf: Shelf, full: Json) -> None:
    etag = f'"{full["sha256"]}"'
    async with shelf.stranger() as client:
        known = await client.get(full["url"], headers={"If-None-Match": etag})
        other = await client.get(full["url"], headers={"If-Match": '"another"'})
        weak = await client.get(full["url"], headers={"If-Match": f"W/{etag}"})
        same = await client.head(full["url"], headers={"If-Match": f'"x", {etag}'})
    assert (known.status_code, known.content) == (304, b"")
    for one in (other, weak):
        assert (one.status_code, one.json()["errorCode"]) == (412, "PRECONDITION_FAILED")
    assert same.status_code == 200


async def test_a_link_that_was_changed_opens_nothing(shelf: Shelf, backup: Json, full: Json) -> None:
    other = await shelf.archive(backup, "database_only")
    parts = urlsplit(full["url"])
    query = dict(pair.split("=") for pair in parts.query.split("&"))
    base = full["url"].partition("?")[0]
    changed = [
        base,
        f"{base}?until={query['until']}",
        f"{base}?until={int(query['until']) + 3600}&signature={query['signature']}",
        f"{base}?until=9{'9' * 40}&signature={query['signature']}",
        f"{base}?until=-1&signature={query['signature']}",
        f"{base}?until={query['until']}&signature={query['signature'][:-1]}0{query['signature'][-1]}",
        f"{base}?until={query['until']}&signature=%ff",
        full["url"].replace(full["archive_id"], other["archive_id"]),
        full["url"].replace(full["archive_id"], backup["backup_id"]),
        full["url"].replace(full["file_name"], "another.tar.gz"),
    ]
    async with shelf.stranger() as client:
        for link in changed:
            for method in ("GET", "HEAD"):
                answer = await client.request(method, link)
                assert answer.status_code == 403, link
        assert answer.content == b""


async def test_only_links_are_open_without_a_key(shelf: Shelf, full: Json) -> None:
    base = shelf.api.url
    async with shelf.stranger() as client:
        for path in ("/download", "/download/", f"/download/{full['archive_id']}", "/download/x/y"):
            assert (await client.get(base + path)).status_code == 401, path
        assert (await client.post(full["url"])).status_code == 401
        assert (await client.get(f"{base}/api/v1/archives/{full['archive_id']}")).status_code == 401


async def test_a_link_that_is_over_opens_nothing_and_asking_again_makes_a_new_one(shelf: Shelf) -> None:
    backup = await shelf.backup(dump_of(10), {})
    archive = await shelf.archive(backup)
    await shelf.execute(
        "UPDATE gateway.archive SET link_ends_at = clock_timestamp() WHERE archive_id = $1::text::uuid",
        archive["archive_id"],
    )
    async with shelf.stranger() as client:
        answer = await client.get(archive["url"])
    assert (answer.status_code, answer.json()["errorCode"]) == (403, "NO_ACCESS")
    assert "over" in answer.json()["errorMessage"]
    again = await shelf.archive(backup)
    assert again["archive_id"] != archive["archive_id"]
    seen = await shelf.ended(archive, "expired")
    assert seen["url"] is None


async def test_a_link_that_is_asked_for_again_works_for_eight_hours_from_then(shelf: Shelf) -> None:
    backup = await shelf.backup(dump_of(10), {})
    archive = await shelf.archive(backup)
    await shelf.execute(
        "UPDATE gateway.archive SET link_ends_at = clock_timestamp() + interval '5 minutes'"
        " WHERE archive_id = $1::text::uuid",
        archive["archive_id"],
    )
    asked_at = datetime.now(UTC)

    again = await shelf.ask(backup)
    async with shelf.stranger() as client:
        first, renewed = await client.head(archive["url"]), await client.head(again["url"])
    held = [
        event.lease.until
        for event in await shelf.api.said(f"catalog/backup/{backup['backup_id']}")
        if isinstance(event, LeaseAcquired) and str(event.lease.lease_id) == archive["archive_id"]
    ]

    ends_at = datetime.fromisoformat(again["link_ends_at"])
    assert (again["archive_id"], again["sha256"]) == (archive["archive_id"], archive["sha256"])
    assert asked_at + timedelta(hours=8) - CLOCKS <= ends_at == held[-1]
    assert (first.status_code, renewed.status_code, first.headers["etag"]) == (200, 200, renewed.headers["etag"])


async def test_a_link_ends_when_it_says_also_where_a_later_one_still_works(shelf: Shelf, full: Json) -> None:
    async with shelf.api.database.transaction() as c:
        key = await queries.link_key(c, fresh=b"")
    over = Link(UUID(full["archive_id"]), full["file_name"], full["sha256"], datetime.now(UTC) - timedelta(seconds=5))
    async with shelf.stranger() as client:
        answer = await client.get(shelf.api.url + address(over, key))
    assert (answer.status_code, "over" in answer.json()["errorMessage"]) == (403, True)


async def test_another_encoder_never_sends_other_bytes(shelf: Shelf) -> None:
    backup = await shelf.backup(dump_of(10), {})
    archive = await shelf.archive(backup)
    await shelf.execute(
        "UPDATE gateway.archive SET encoder = 'zlib 1.2' WHERE archive_id = $1::text::uuid", archive["archive_id"]
    )
    async with shelf.stranger() as client:
        for headers in ({}, {"Range": "bytes=5-"}):
            answer = await client.get(archive["url"], headers=headers)
            assert (answer.status_code, answer.json()["errorCode"]) == (410, "GONE")
        assert (await client.head(archive["url"])).status_code == 410
    again = await shelf.archive(backup)
    assert (again["archive_id"] != archive["archive_id"], again["sha256"]) == (True, archive["sha256"])


async def test_a_link_that_is_over_is_refused_as_such_though_the_encoder_changed(shelf: Shelf) -> None:
    archive = await shelf.archive(await shelf.backup(dump_of(10), {}))
    await shelf.execute(
        "UPDATE gateway.archive SET encoder = 'zlib 1.2', link_ends_at = date_trunc('second', clock_timestamp())"
        " WHERE archive_id = $1::text::uuid",
        archive["archive_id"],
    )
    async with shelf.stranger() as client:
        for method in ("GET", "HEAD"):
            assert (await client.request(method, archive["url"])).status_code == 403


async def test_a_changed_index_never_sends_other_bytes(shelf: Shelf) -> None:
    backup, other = await shelf.backup(dump_of(10), {}), await shelf.backup(dump_of(11), {})
    archive, another = await shelf.archive(backup), await shelf.archive(other)
    await shelf.execute(
        "UPDATE gateway.archive_page SET page = another.page FROM gateway.archive_page AS another"
        " WHERE another.archive_id = $1::text::uuid AND archive_page.archive_id = $2::text::uuid",
        another["archive_id"],
        archive["archive_id"],
    )
    async with shelf.stranger() as client:
        for method in ("GET", "HEAD"):
            assert (await client.request(method, archive["url"])).status_code == 410


async def test_a_lost_index_answers_that_the_archive_is_gone(shelf: Shelf) -> None:
    backup = await shelf.backup(dump_of(10), {})
    archive = await shelf.archive(backup)
    await shelf.execute("DELETE FROM gateway.archive_page WHERE archive_id = $1::text::uuid", archive["archive_id"])
    async with shelf.stranger() as client:
        assert (await client.get(archive["url"])).status_code == 410
    seen = await shelf.ended(archive, "expired")
    assert seen["url"] is None


@pytest.mark.parametrize("first", ["HEAD", "GET"])
@pytest.mark.parametrize("data_type", ["files_and_database", "database_only"])
async def test_a_damaged_store_ends_the_link_and_whoever_asks_again_is_told_why(
    shelf: Shelf, data_type: str, first: str
) -> None:
    backup = await shelf.backup(dump_of(10), {})
    archive = await shelf.archive(backup, data_type)
    packs = pack_prefix(UUID(archive["environment_id"]))
    taken = {one.key: await shelf.store.get(one.key) async for one in shelf.store.list(packs)}
    for key in taken:
        await shelf.store.delete(key)

    async with shelf.stranger() as client:
        answers = [await client.request(method, archive["url"]) for method in (first, "GET", "HEAD")]
    expired = await shelf.ended(archive, "expired")
    failed = await shelf.ended(await shelf.ask(backup, data_type), "failed")
    for key, data in taken.items():
        await shelf.store.put(key, data)
    mended = await shelf.archive(backup, data_type)

    assert [answer.status_code for answer in answers] == [410] * 3
    assert answers[1].json()["errorCode"] == "GONE"
    said = await shelf.api.said(f"gateway/archive/{archive['archive_id']}")
    assert [event.why for event in said if isinstance(event, ArchiveExpired)] == ["backup_unreadable"]
    assert (expired["url"], failed["failure"]["code"]) == (None, "BACKUP_UNREADABLE")
    assert mended["sha256"] == archive["sha256"]


async def test_a_signature_is_in_no_log(shelf: Shelf, full: Json) -> None:
    async with shelf.stranger() as client:
        await client.head(full["url"])
    log = shelf.api.platform.services["gateway"].log.read_text()
    assert urlsplit(full["url"]).path in log
    assert urlsplit(full["url"]).query.rpartition("=")[2] not in log


async def test_a_download_whose_client_vanished_leaves_its_place_to_others(shelf: Shelf, full: Json) -> None:
    link = urlsplit(full["url"])
    request = f"GET {link.path}?{link.query} HTTP/1.1\r\nHost: {link.netloc}\r\n\r\n".encode()
    for _ in range(2 * DOWNLOADS_AT_ONCE):
        _, writer = await asyncio.open_connection(link.hostname, link.port)
        writer.write(request)
        await writer.drain()
        writer.transport.abort()

    async def places() -> bool:
        async with shelf.stranger() as client:
            return (await client.get(full["url"], headers={"Range": "bytes=0-9"})).status_code == 206

    await eventually(places)
