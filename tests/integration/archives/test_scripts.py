"""Archives over the compatible API: as scripts ask for them, wait for them and download them."""

import hashlib
import re
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest

from services.gateway.domain.rights import Scope
from tests.support.archiving import documents
from tests.support.downloading import ENDS_WITHIN_SECONDS, Shelf, dump_of
from tests.support.eventually import eventually
from tests.support.gateway import ADMIN, Json

FIELDS = {
    "archive_id", "snapshot_id", "data_type", "state", "status_message", "url", "created_at", "updated_at",
    "finished_at",
}  # fmt: skip
MILLISECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture
async def script(shelf: Shelf) -> AsyncIterator[httpx.AsyncClient]:
    """A script that was written for the other platform."""
    async with shelf.api.connect(**{"MENDIX-username": ADMIN, "mendix-apikey": shelf.api.key}) as client:
        yield client


@pytest.fixture(scope="module")
async def backup(shelf: Shelf) -> Json:
    return await shelf.backup(dump_of(500), documents(3, 1000))


def place_of(backup: Json) -> str:
    environment = f"/api/v2/apps/{backup['app_id']}/environments/{backup['environment_id']}"
    return f"{environment}/snapshots/{backup['backup_id']}/archives"


async def made(script: httpx.AsyncClient, place: str, **asked: str) -> Json:
    """An archive that was asked for and waited for, as scripts do."""
    created = await script.post(f"{place}/", params=asked)
    assert created.status_code == httpx.codes.OK, created.text
    archive_id = created.json()["archive_id"]

    async def look() -> Json | None:
        found: Json = (await script.get(f"{place}/{archive_id}")).json()
        return found if found["state"] in ("completed", "failed") else None

    ended = await eventually(look, within_seconds=ENDS_WITHIN_SECONDS)
    assert ended is not None
    return ended


@pytest.mark.parametrize("data_type", [None, "files_and_database", "database_only", "files_only"])
async def test_an_archive_is_made_waited_for_and_downloaded(
    shelf: Shelf, script: httpx.AsyncClient, backup: Json, data_type: str | None
) -> None:
    archive = await made(script, place_of(backup), **({} if data_type is None else {"data_type": data_type}))

    assert archive.keys() == FIELDS
    assert (archive["state"], archive["data_type"]) == ("completed", data_type or "files_and_database")
    assert archive["snapshot_id"] == backup["backup_id"]
    assert archive["status_message"] == "Done preparing download archive"
    assert all(MILLISECONDS.fullmatch(archive[name]) for name in ("created_at", "updated_at", "finished_at"))
    ours = (await shelf.api.client.get(f"/api/v1/archives/{archive['archive_id']}")).json()
    async with shelf.stranger() as client:
        assert (await client.head(archive["url"])).headers["content-length"] == str(ours["size_bytes"])
        assert hashlib.sha256((await client.get(archive["url"])).content).hexdigest() == ours["sha256"]


async def test_a_new_archive_has_no_link_yet_and_asking_again_brings_the_same(
    shelf: Shelf, script: httpx.AsyncClient
) -> None:
    place = place_of(await shelf.backup(dump_of(100_000), {}))

    first, again = (await script.post(place)).json(), (await script.post(place)).json()

    assert (first["state"], first["url"], first["finished_at"], first["status_message"]) == ("queued", None, None, None)
    assert again["archive_id"] == first["archive_id"]
    assert (await made(script, place))["archive_id"] == first["archive_id"]


async def test_a_link_that_is_over_is_still_shown_and_refused(shelf: Shelf, script: httpx.AsyncClient) -> None:
    place = place_of(await shelf.backup(dump_of(10), {}))
    archive = await made(script, place)
    await shelf.execute(
        "UPDATE gateway.archive SET link_ends_at = date_trunc('second', clock_timestamp())"
        " WHERE archive_id = $1::text::uuid",
        archive["archive_id"],
    )
    await shelf.ended(archive, "expired")

    over = (await script.get(f"{place}/{archive['archive_id']}")).json()
    async with shelf.stranger() as client:
        answer = await client.get(over["url"])

    assert (over["state"], answer.status_code) == ("completed", 403)
    assert "over" in over["status_message"]
    assert (await made(script, place))["archive_id"] != archive["archive_id"]


async def test_refusals_have_the_status_and_the_code_that_scripts_know(
    shelf: Shelf, script: httpx.AsyncClient, backup: Json
) -> None:
    place, nobody = place_of(backup), str(uuid4())
    archive = (await script.post(place)).json()["archive_id"]
    other = place_of(await shelf.backup(dump_of(10), {}))
    environment = await shelf.api.ready_environment()
    snapshots = f"/api/v2/apps/{environment['app_id']}/environments/{environment['environment_id']}/snapshots"
    unfinished = (await script.post(snapshots)).json()["snapshot_id"]
    expected = [
        ("POST", f"{place}?data_type=everything", 400, "UNSUPPORTED"),
        ("POST", f"{snapshots}/{unfinished}/archives", 400, "ERROR_NOT_ALLOWED"),
        ("POST", f"{snapshots}/{nobody}/archives", 404, "NOT_FOUND"),
        ("POST", f"{snapshots}/{backup['backup_id']}/archives", 404, "NOT_FOUND"),
        ("GET", f"{place}/{nobody}", 404, "NOT_FOUND"),
        ("GET", f"{place}/nonsense", 404, "NOT_FOUND"),
        ("GET", f"{other}/{archive}", 404, "NOT_FOUND"),
        ("GET", place.replace(backup["environment_id"], nobody) + f"/{archive}", 404, "ENVIRONMENT_NOT_FOUND"),
    ]

    for method, path, status, code in expected:
        answer = await script.request(method, path)
        assert (answer.status_code, answer.json()["errorCode"]) == (status, code), f"{method} {path} {answer.text}"


async def test_downloading_takes_the_right_to_read(shelf: Shelf, backup: Json) -> None:
    others = [scope for scope in Scope if scope is not Scope.READ]
    async with shelf.api.connect(await shelf.api.key_with(*others)) as unable:
        answer = await unable.post(place_of(backup))

    assert (answer.status_code, answer.json()["errorCode"]) == (403, "NO_ACCESS")
