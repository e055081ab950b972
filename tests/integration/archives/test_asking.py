"""Asking for an archive: once, again, with which right, of which backup; and what the log and the leases say of it."""

import re
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from contracts.codec import decode
from contracts.events.access import ArchiveDownloaded
from contracts.topics import Topic
from services.gateway.domain.links import Link, address
from services.gateway.domain.rights import NOBODY, Scope
from services.platform.messaging.reading import LogReader
from tests.integration.gateway.test_people import as_user, give, new_user
from tests.integration.gateway.test_people import said as people_said
from tests.support.archiving import documents
from tests.support.downloading import ENDS_WITHIN_SECONDS, ENTRIES, Shelf, dump_of
from tests.support.dumps import data_block, dump
from tests.support.eventually import eventually
from tests.support.gateway import ADMIN, Json


async def said(shelf: Shelf, archive: Json) -> list[Any]:
    """The bodies of the archive's stream."""
    found = []
    async with LogReader.open(shelf.api.platform.kafka) as reader:
        for partition, end in (await reader.ends(Topic.EVENTS)).items():
            async for records in reader.read(Topic.EVENTS, partition, 0, end):
                found += [decode(one.record) for one in records]
    stream = f"gateway/archive/{archive['archive_id']}"
    return [message.body for message in found if message.envelope.subject == stream]


async def names_said(shelf: Shelf, archive: Json, last: str) -> list[str]:
    """The events about an archive, as soon as the last of them is this one."""

    async def look() -> list[str] | None:
        names = [type(body).__name__ for body in await said(shelf, archive)]
        return names if names[-1:] == [last] else None

    found = await eventually(look, within_seconds=ENDS_WITHIN_SECONDS)
    assert found is not None
    return found


async def test_asked_again_it_is_the_one_that_is_on_its_way_or_ready(shelf: Shelf) -> None:
    backup = await shelf.backup(dump_of(10), documents(2, 1000))
    first = await shelf.ask(backup)
    again = await shelf.ask(backup)
    other = await shelf.ask(backup, "files_only")
    assert first["archive_id"] == again["archive_id"] != other["archive_id"]
    assert first["state"] in ("queued", "running", "completed")
    ready = await shelf.ended(first)
    assert (await shelf.ask(backup))["url"] == ready["url"]
    await shelf.ended(other)
    page = (await shelf.api.client.get(f"/api/v1/backups/{backup['backup_id']}/archives")).json()
    assert {one["archive_id"] for one in page["archives"]} == {first["archive_id"], other["archive_id"]}


async def test_the_same_idempotency_key_is_the_same_archive_and_belongs_to_one_request(shelf: Shelf) -> None:
    backup, key = await shelf.backup(dump_of(10), {}), {"Idempotency-Key": uuid4().hex}
    first = await shelf.ask(backup, **key)
    assert (await shelf.ask(backup, **key))["archive_id"] == first["archive_id"]
    place = f"/api/v1/backups/{backup['backup_id']}/archives"
    answer = await shelf.api.client.post(place, params={"data_type": "files_only"}, headers=key)
    assert (answer.status_code, answer.json()["errorCode"]) == (409, "IDEMPOTENCY_KEY_REUSED")


async def test_a_key_that_found_an_archive_of_another_means_that_one_for_good(shelf: Shelf) -> None:
    backup = await shelf.backup(dump_of(10), {})
    other, key = await shelf.backup(dump_of(10), {}), {"Idempotency-Key": uuid4().hex}
    async with shelf.nothing_leased():
        first = await shelf.ask(backup)
        found = await shelf.ask(backup, **key)
        for one, data_type in ((backup, "files_only"), (other, "files_and_database")):
            place = f"/api/v1/backups/{one['backup_id']}/archives"
            answer = await shelf.api.client.post(place, params={"data_type": data_type}, headers=key)
            assert (answer.status_code, answer.json()["errorCode"]) == (409, "IDEMPOTENCY_KEY_REUSED"), answer.text
        place = f"/api/v1/archives/{first['archive_id']}/cancel"
        refused = await shelf.api.client.post(place, headers=key)
        assert (refused.status_code, refused.json()["errorCode"]) == (409, "IDEMPOTENCY_KEY_REUSED"), refused.text
        cancelled = {"Idempotency-Key": uuid4().hex}
        assert (await shelf.api.client.post(place, headers=cancelled)).status_code == httpx.codes.ACCEPTED
        again = await shelf.ask(backup, **key)
        made_anew = await shelf.ask(backup)
        place = f"/api/v1/backups/{backup['backup_id']}/archives"
        mixed = await shelf.api.client.post(place, headers=cancelled)

    assert first["archive_id"] == found["archive_id"] == again["archive_id"] != made_anew["archive_id"]
    assert again["state"] == "failed"
    assert (mixed.status_code, mixed.json()["errorCode"]) == (409, "IDEMPOTENCY_KEY_REUSED"), mixed.text


async def test_the_log_tells_of_an_archive_and_the_catalog_keeps_its_backup_until_the_link_ends(shelf: Shelf) -> None:
    backup = await shelf.backup(dump_of(10), {})
    archive = await shelf.archive(backup, "database_only")
    assert await names_said(shelf, archive, "ArchiveCompleted") == [
        "ArchiveRequested",
        "ArchiveStarted",
        "ArchiveCompleted",
    ]
    completed = (await said(shelf, archive))[-1]
    assert (completed.sha256, completed.bytes) == (archive["sha256"], archive["size_bytes"])
    refused = await shelf.api.client.delete(f"/api/v1/backups/{backup['backup_id']}", params={"confirm_last": True})
    assert (refused.status_code, refused.json()["errorCode"]) == (409, "ERROR_NOT_ALLOWED")
    assert f"archive {archive['archive_id']}" in refused.json()["errorMessage"]


async def test_a_download_is_on_the_log_of_whose_link_it_was(shelf: Shelf) -> None:
    backup = await shelf.backup(dump_of(10), {})
    archive = await shelf.archive(backup)
    ada = (await shelf.api.client.get("/api/v1/users", params={"name": ADMIN})).json()["users"][0]
    karla = await new_user(shelf.api)
    await give(shelf.api, f"/environments/{backup['environment_id']}", karla, Scope.READ)
    place = f"/api/v1/archives/{archive['archive_id']}"
    async with as_user(shelf.api, karla) as client, shelf.stranger() as stranger:
        links = [(await client.get(place)).json()["url"], (await client.get(place)).json()["url"]]
        assert links[0] == links[1] != archive["url"]
        several = [await stranger.get(links[0], headers={"Range": f"bytes={at}-{at}"}) for at in range(3)]
        same = await stranger.get(links[0], headers={"If-None-Match": several[0].headers["etag"]})
        looked = await stranger.head(links[0])
        beyond = await stranger.get(links[0], headers={"Range": "bytes=999999999-"})
        forged = await stranger.get(links[0].replace(karla["user_id"], ada["user_id"]))
        nobodys = await stranger.get(re.sub("for=[^&]*&", "", links[0]))

    assert [one.status_code for one in several] == [206, 206, 206]
    assert (same.status_code, looked.status_code, beyond.status_code) == (304, 200, 416)
    assert (forged.status_code, nobodys.status_code) == (403, 403)

    def taken(bodies: list[Any]) -> list[ArchiveDownloaded]:
        return [one for one in bodies if isinstance(one, ArchiveDownloaded)]

    told = taken(
        await people_said(shelf.api, karla["user_id"], lambda bodies: sum(one.count for one in taken(bodies)) >= 3)
    )
    assert {(one.archive_id, one.backup_id, one.user) for one in told} == {
        (UUID(archive["archive_id"]), UUID(backup["backup_id"]), karla["name"])
    }
    assert sum(one.count for one in told) == 3
    of_ada = await shelf.api.said(f"gateway/access/{ada['user_id']}")
    assert not [one for one in of_ada if getattr(one, "archive_id", None) == UUID(archive["archive_id"])]


async def test_a_link_of_the_release_before_is_on_nobodys_log(shelf: Shelf) -> None:
    backup = await shelf.backup(dump_of(10), {})
    archive = await shelf.archive(backup)
    async with shelf.api.database.transaction() as c:
        key = await c.fetchval("SELECT key FROM gateway.link_key")
    link = Link(
        UUID(archive["archive_id"]),
        archive["file_name"],
        archive["sha256"],
        datetime.fromisoformat(archive["link_ends_at"]),
    )
    async with shelf.stranger() as stranger:
        given = await stranger.get(f"{shelf.api.url}{address(link, key)}")

    assert given.status_code == 200, given.text

    def of_it(bodies: list[Any]) -> list[Any]:
        return [one for one in bodies if getattr(one, "archive_id", None) == link.archive_id]

    (told,) = of_it(await people_said(shelf.api, str(NOBODY), lambda bodies: bool(of_it(bodies))))
    assert (told.user, told.count) == ("", 1)


async def test_a_backup_whose_dump_is_damaged_fails_by_name_and_is_let_go(shelf: Shelf) -> None:
    backup = await shelf.backup(dump(ENTRIES, data_block(2, b"row")[:-2]), {})
    failed = await shelf.ended(await shelf.ask(backup, "database_only"), "failed")
    assert failed["failure"]["code"] == "BACKUP_UNREADABLE"
    assert "ends within the data" in failed["status_message"]
    assert failed["url"] is None
    assert (await names_said(shelf, failed, "ArchiveFailed"))[-1] == "ArchiveFailed"

    async def deleted() -> bool:
        place = f"/api/v1/backups/{backup['backup_id']}"
        return (await shelf.api.client.delete(place, params={"confirm_last": True})).is_success

    await eventually(deleted, within_seconds=ENDS_WITHIN_SECONDS)


async def test_a_dump_of_an_unknown_version_fails_by_name(shelf: Shelf) -> None:
    backup = await shelf.backup(dump(ENTRIES, version=(1, 99)), {})
    failed = await shelf.ended(await shelf.ask(backup, "database_only"), "failed")
    assert failed["failure"]["code"] == "UNSUPPORTED_CONTENT"
    assert "archive version 1.99" in failed["status_message"]


async def test_only_a_completed_backup_is_downloaded(shelf: Shelf) -> None:
    environment = await shelf.api.ready_environment()
    place = f"/api/v1/environments/{environment['environment_id']}/backups"
    backup = (await shelf.api.client.post(place)).json()
    answer = await shelf.api.client.post(f"/api/v1/backups/{backup['backup_id']}/archives")
    assert (answer.status_code, answer.json()["errorCode"]) == (409, "ERROR_NOT_ALLOWED")


async def test_what_is_not_there_is_not_found(shelf: Shelf) -> None:
    client = shelf.api.client
    for method, path in (("POST", f"backups/{uuid4()}/archives"), ("GET", f"archives/{uuid4()}")):
        answer = await client.request(method, f"/api/v1/{path}")
        assert (answer.status_code, answer.json()["errorCode"]) == (404, "NOT_FOUND")


async def test_an_unknown_data_type_is_refused_by_name(shelf: Shelf) -> None:
    answer = await shelf.api.client.post(f"/api/v1/backups/{uuid4()}/archives", params={"data_type": "everything"})
    assert (answer.status_code, answer.json()["field"]) == (400, "data_type")


async def test_reading_is_the_right_that_it_takes(shelf: Shelf) -> None:
    backup = await shelf.backup(dump_of(10), {})
    place = f"/api/v1/backups/{backup['backup_id']}/archives"
    others = [scope for scope in Scope if scope is not Scope.READ]
    reader, stranger = await shelf.api.key_with(Scope.READ), await shelf.api.key_with(*others)
    async with shelf.api.connect(reader) as able, shelf.api.connect(stranger) as unable:
        assert (await able.post(place)).status_code == httpx.codes.ACCEPTED
        assert (await unable.post(place)).status_code == httpx.codes.FORBIDDEN


@pytest.mark.parametrize("data_type", ["database_only", "files_and_database"])
async def test_progress_is_told_until_there_is_a_link(shelf: Shelf, data_type: str) -> None:
    backup = await shelf.backup(dump_of(50_000), documents(5, 100_000))
    archive = await shelf.ask(backup, data_type)
    events: list[str] = []
    path = f"/api/v1/archives/{archive['archive_id']}/progress"
    async with shelf.api.connect(shelf.api.key) as client, client.stream("GET", path, timeout=None) as answer:
        async for line in answer.aiter_lines():
            if line.startswith("event: "):
                events.append(line.removeprefix("event: "))
            if events[-1:] == ["end"] and line.startswith("data: "):
                assert '"url":"http' in line
    assert (events[0], events[-1]) == ("state", "end")
