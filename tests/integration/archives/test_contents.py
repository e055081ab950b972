"""What is in a backup: listed over HTTP and by `nightkeep backup contents`, one document or table fetched."""

import json
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from contracts.codec import decode
from contracts.events.access import RightUsed
from contracts.topics import Topic
from services.cli.__main__ import app
from services.cli.exits import Exit
from services.gateway.domain.rights import Scope
from services.platform.messaging.reading import LogReader
from tests.support.archiving import documents
from tests.support.downloading import Shelf, dump_of
from tests.support.dumps import restored
from tests.support.eventually import eventually
from tests.support.gateway import ADMIN, Json

DOCUMENTS = documents(30, 20_000)
Nightkeep = Callable[..., Result]


@pytest.fixture
def nightkeep(shelf: Shelf) -> Nightkeep:
    """Run `nightkeep` with these arguments."""
    connection = {"NIGHTKEEP_URL": shelf.api.url, "NIGHTKEEP_USER": ADMIN, "NIGHTKEEP_API_KEY": shelf.api.key}
    return lambda *words: CliRunner().invoke(app, list(map(str, words)), env={**connection, "COLUMNS": "100"})


@pytest.fixture(scope="module")
async def backup(shelf: Shelf) -> Json:
    return await shelf.backup(dump_of(2_000), DOCUMENTS)


async def test_documents_are_paged_by_id(shelf: Shelf, backup: Json) -> None:
    seen = await shelf.api.every(f"/api/v1/backups/{backup['backup_id']}/files", "files", limit=7)
    assert [one["document_id"] for one in seen] == sorted(map(str, DOCUMENTS))
    assert [one["size_bytes"] for one in seen] == [len(DOCUMENTS[key]) for key in sorted(DOCUMENTS)]


async def test_a_place_that_no_page_has_told_is_refused(shelf: Shelf, backup: Json) -> None:
    answer = await shelf.api.client.get(f"/api/v1/backups/{backup['backup_id']}/files", params={"after": "WzAsMF0="})
    assert (answer.status_code, answer.json()["field"]) == (400, "after")


async def test_a_document_is_fetched_as_it_was(shelf: Shelf, backup: Json) -> None:
    for document_id, data in list(DOCUMENTS.items())[:3]:
        answer = await shelf.api.client.get(f"/api/v1/backups/{backup['backup_id']}/files/{document_id}")
        assert answer.content == data
        assert answer.headers["content-length"] == str(len(data))
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_who_fetched_what_is_on_the_log(shelf: Shelf, backup: Json) -> None:
    document_id = str(next(reversed(DOCUMENTS)))
    expected = {("fetch_file", document_id), ("fetch_table", "public.thing")}
    for place in (f"files/{document_id}", "tables/public.thing"):
        answer = await shelf.api.client.get(f"/api/v1/backups/{backup['backup_id']}/{place}")
        assert answer.status_code == 200, answer.text

    async def are_noted() -> bool:
        return expected <= {
            (one.operation, one.things.get("document_id") or one.things.get("table"))
            for one in await uses(shelf, backup)
        }

    await eventually(are_noted, within_seconds=120)
    assert {one.user for one in await uses(shelf, backup)} == {ADMIN}


async def uses(shelf: Shelf, backup: Json) -> list[RightUsed]:
    """What the log tells of uses of this backup's contents."""
    found = list[RightUsed]()
    async with LogReader.open(shelf.api.platform.kafka) as reader:
        for partition, end in (await reader.ends(Topic.EVENTS)).items():
            async for records in reader.read(Topic.EVENTS, partition, 0, end):
                bodies = [decode(one.record).body for one in records]
                found += [body for body in bodies if isinstance(body, RightUsed)]
    return [one for one in found if one.things.get("backup_id") == backup["backup_id"]]


async def test_what_a_backup_has_not_is_not_found(shelf: Shelf, backup: Json) -> None:
    for place in (f"files/{uuid4()}", "tables/nothing", "tables/public.nothing"):
        answer = await shelf.api.client.get(f"/api/v1/backups/{backup['backup_id']}/{place}")
        assert (answer.status_code, answer.json()["errorCode"]) == (404, "NOT_FOUND"), place


async def test_a_backup_that_has_not_completed_cannot_be_looked_into(shelf: Shelf) -> None:
    environment = await shelf.api.ready_environment()
    queued = (await shelf.api.client.post(f"/api/v1/environments/{environment['environment_id']}/backups")).json()
    for place in ("files", "tables", f"files/{uuid4()}", "tables/thing"):
        answer = await shelf.api.client.get(f"/api/v1/backups/{queued['backup_id']}/{place}")
        assert answer.status_code == 409, place


async def test_a_damaged_backup_is_told_as_such(shelf: Shelf, backup: Json) -> None:
    damaged = await shelf.backup(b"no dump", {})
    answer = await shelf.api.client.get(f"/api/v1/backups/{damaged['backup_id']}/tables")
    assert (answer.status_code, answer.json()["errorCode"]) == (409, "BACKUP_UNREADABLE")


def test_the_tables_are_listed_and_measured_when_asked_for(nightkeep: Nightkeep, backup: Json) -> None:
    told = nightkeep("backup", "contents", backup["backup_id"])
    assert told.exit_code == Exit.OK, told.output
    assert "thing" in told.output
    assert "30 file documents" in told.output
    assert "rows as text" not in told.output
    assert "rows as text" in nightkeep("backup", "contents", backup["backup_id"], "--sizes").output
    measured = json.loads(nightkeep("backup", "contents", backup["backup_id"], "--sizes", "--json").stdout)
    assert measured["tables"][0]["size_bytes"] > 2_000 * 64


def test_documents_are_listed(nightkeep: Nightkeep, backup: Json) -> None:
    found = json.loads(nightkeep("backup", "contents", backup["backup_id"], "--files", "--json").stdout)
    assert {one["document_id"] for one in found} == set(map(str, DOCUMENTS))


def test_a_document_and_a_table_are_brought_into_files(nightkeep: Nightkeep, backup: Json, tmp_path: Path) -> None:
    document_id, data = next(iter(DOCUMENTS.items()))
    target = tmp_path / "document"
    done = nightkeep("backup", "fetch", backup["backup_id"], "--file", document_id, "-o", target)
    assert (done.exit_code, target.read_bytes()) == (Exit.OK, data), done.output
    refused = nightkeep("backup", "fetch", backup["backup_id"], "--table", "thing", "-o", target)
    assert (refused.exit_code, target.read_bytes()) == (Exit.USAGE, data)
    table = tmp_path / "thing.dump"
    done = nightkeep("backup", "fetch", backup["backup_id"], "--table", "public.thing", "-o", table)
    assert done.exit_code == Exit.OK, done.output
    assert restored(table.read_bytes()).members[2, 0].count(b"\n") == 2_000
    assert sorted(path.name for path in tmp_path.iterdir()) == ["document", "thing.dump"]


async def test_a_key_without_the_right_to_read_gets_nothing(shelf: Shelf, backup: Json) -> None:
    key = await shelf.api.key_with(Scope.CREATE)
    async with shelf.stranger() as client:
        for place in ("files", "tables", f"files/{next(iter(DOCUMENTS))}", "tables/thing"):
            address = f"{shelf.api.url}/api/v1/backups/{backup['backup_id']}/{place}"
            answer = await client.get(address, headers={"Authorization": f"Bearer {key}"})
            assert answer.status_code == 403, place
