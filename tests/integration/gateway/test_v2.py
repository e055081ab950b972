"""The compatible API as scripts use it: their headers, their addresses, their answers, their refusals."""

import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from contracts.defaults import COMMAND_BYTES
from services.gateway.domain.rights import Scope
from tests.support.databases import execute
from tests.support.gateway import ADMIN, Api, Json

SNAPSHOT = {
    "snapshot_id", "state", "status_message", "comment", "model_version", "created_at", "updated_at", "finished_at",
    "expires_at",
}  # fmt: skip
RESTORE = {
    "restore_id", "source_snapshot_id", "source_environment_id", "target_environment_id", "state", "status_message",
    "created_at", "updated_at", "finished_at",
}  # fmt: skip
MILLISECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture
async def script(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    """A script that was written for the other platform."""
    async with api.connect(**{"mendix-username": ADMIN, "MENDIX-APIKEY": api.key}) as client:
        yield client


def _place(environment: Json) -> str:
    return f"/api/v2/apps/{environment['app_id']}/environments/{environment['environment_id']}"


async def _created(script: httpx.AsyncClient, environment: Json, **body: Any) -> Json:  # noqa: ANN401 -- JSON
    answer = await script.post(f"{_place(environment)}/snapshots", json=body)
    assert answer.status_code == httpx.codes.OK, answer.text
    snapshot: Json = answer.json()
    return snapshot


async def test_a_snapshot_is_created_shown_commented_and_deleted(api: Api, script: httpx.AsyncClient) -> None:
    environment = await api.ready_environment()
    other = await _created(script, environment)
    made = await _created(script, environment, comment="before the release")
    place = f"{_place(environment)}/snapshots/{made['snapshot_id']}"
    for one in (other, made):
        await api.completed(environment, {"backup_id": one["snapshot_id"]})

    done = (await script.get(f"{place}/")).json()
    commented = (await script.put(place, json={"comment": "after all"})).json()
    deleted = await script.delete(place)

    assert made.keys() >= SNAPSHOT
    assert (made["state"], made["comment"], made["finished_at"]) == ("queued", "before the release", None)
    assert all(MILLISECONDS.fullmatch(made[name]) for name in ("created_at", "expires_at"))
    assert (done["state"], commented["comment"]) == ("completed", "after all")
    assert commented["updated_at"] == done["updated_at"]
    assert (deleted.status_code, deleted.content) == (204, b"")
    gone = await script.get(place)
    assert (gone.status_code, gone.json()["errorCode"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("content", "kind"), [(b"", None), (b"{}", "application/json"), (b'{"comment": "x", "more": 1}', "text/plain")]
)
async def test_a_body_may_be_empty_or_of_any_kind(
    api: Api, script: httpx.AsyncClient, content: bytes, kind: str | None
) -> None:
    environment = await api.ready_environment()
    headers = {} if kind is None else {"content-type": kind}

    answer = await script.post(f"{_place(environment)}/snapshots", content=content, headers=headers)

    assert answer.json()["comment"] == ("x" if b"x" in content else ""), answer.text


@pytest.mark.parametrize(
    "content", [b"[" * 100_000, b'{"comment": ' * 20_000, b"\xff", b"{", b'{"comment": "\\ud800"}']
)
async def test_a_body_that_cannot_be_read_is_refused_however_deep_it_is(
    api: Api, script: httpx.AsyncClient, content: bytes
) -> None:
    environment = await api.ready_environment()
    place = f"{_place(environment)}/snapshots"
    made = await _created(script, environment)
    for method, path in (("POST", place), ("PUT", f"{place}/{made['snapshot_id']}")):
        answer = await script.request(method, path, content=content)
        assert (answer.status_code, answer.json()["errorCode"]) == (400, "INVALID_PARAMETERS"), answer.text
    assert (await script.get(place)).json()["total"] == 1


async def test_pages_by_number_hold_still_while_backups_are_added(api: Api, script: httpx.AsyncClient) -> None:
    environment = await api.ready_environment()
    place = f"{_place(environment)}/snapshots"
    made = [(await _created(script, environment))["snapshot_id"] for _ in range(4)]

    first = (await script.get(place, params={"limit": 3})).json()
    added = (await _created(script, environment))["snapshot_id"]
    second = (await script.get(place, params={"offset": 3, "limit": 1})).json()
    anew = (await script.get(place)).json()

    assert [one["snapshot_id"] for one in first["snapshots"] + second["snapshots"]] == made[::-1]
    assert (first["total"], first["offset"], first["limit"], second["total"]) == (4, 0, 3, 4)
    assert [one["snapshot_id"] for one in anew["snapshots"]] == [added, *made[::-1]]
    assert (anew["total"], anew["limit"]) == (5, 100)


async def test_two_scripts_with_one_key_hide_nothing_from_each_other(api: Api, script: httpx.AsyncClient) -> None:
    environment = await api.ready_environment()
    place = f"{_place(environment)}/snapshots"
    made = [(await _created(script, environment))["snapshot_id"] for _ in range(4)]

    async def page(offset: int, limit: int) -> tuple[list[str], int]:
        shown = (await script.get(place, params={"offset": offset, "limit": limit})).json()
        return [one["snapshot_id"] for one in shown["snapshots"]], shown["total"]

    first, _ = await page(0, 2)
    added = (await _created(script, environment))["snapshot_id"]
    other, _ = await page(0, 3)
    second, total = await page(2, 2)
    rest, of_other = await page(3, 2 + 1)
    left, _ = await page(4, 1)

    assert (other + rest, of_other) == ([added, *made[::-1]], 5)
    assert (first, second, left, total) == (made[:1:-1], made[2:0:-1], made[:1], 5), "one twice, and none left out"


async def test_a_page_begins_where_its_number_says_however_many_days_are_between(
    api: Api, script: httpx.AsyncClient
) -> None:
    environment = await api.ready_environment()
    place, environment_id = f"{_place(environment)}/snapshots", environment["environment_id"]
    made = await _created(script, environment)
    execute(
        api.platform.database(),
        "INSERT INTO read.backup (backup_id, environment_id, state, created_at, document, history)"  # noqa: S608 -- an id of our own
        " SELECT id, environment_id, CASE WHEN at % 7 = 0 THEN 'expired' ELSE state END,"
        " created_at - at * interval '5 hours', document || jsonb_build_object('backup_id', id), '[]'"
        " FROM read.backup, (SELECT gen_random_uuid() AS id, at FROM generate_series(1, 60) AS at) made"
        f" WHERE environment_id = '{environment_id}'",
        f"UPDATE read.backup SET state = 'deleted' WHERE environment_id = '{environment_id}'"  # noqa: S608 -- the same
        " AND extract(day FROM created_at)::int % 5 = 0",
    )
    every = [one["snapshot_id"] for one in (await script.get(place, params={"limit": 500})).json()["snapshots"]]
    added = await _created(script, environment)
    steady, offsets = {}, range(len(every) + 3)
    for offset in [*offsets[1:], 0]:
        page = (await script.get(place, params={"offset": offset, "limit": 4})).json()
        steady[offset] = [one["snapshot_id"] for one in page["snapshots"]]
        assert page["total"] == len(every) + (offset == 0)

    anew = [added["snapshot_id"], *every]
    assert every[0] == made["snapshot_id"] or made["snapshot_id"] not in every
    assert steady == {offset: (every if offset else anew)[offset : offset + 4] for offset in offsets}


@pytest.mark.parametrize(("db_only", "only"), [("true", True), ("True", True), ("1", True), ("no", False), ("", False)])
async def test_a_snapshot_is_restored_into_another_environment_of_its_app(
    api: Api, script: httpx.AsyncClient, db_only: str, only: object
) -> None:
    app = await api.new_app()
    source, target = await api.new_environment(app), await api.new_environment(app, "acceptance")
    snapshot = (await _created(script, source))["snapshot_id"]
    await api.completed(source, {"backup_id": snapshot})
    place = f"{_place(target)}/restores"

    asked = await script.post(place, params={"source_snapshot_id": snapshot, "db_only": db_only})
    shown = await script.get(f"{place}/{asked.json()['restore_id']}")

    restore = asked.json()
    assert (asked.status_code, restore.keys() >= RESTORE) == (200, True), asked.text
    assert (restore["source_snapshot_id"], restore["state"]) == (snapshot, "queued")
    assert (restore["source_environment_id"], restore["target_environment_id"]) == (
        source["environment_id"],
        target["environment_id"],
    )
    assert shown.json() == restore
    ours = (await api.client.get(f"/api/v1/restores/{restore['restore_id']}")).json()
    assert ours["database_only"] is only


async def test_a_slash_at_the_end_changes_nothing_of_a_change(api: Api, script: httpx.AsyncClient) -> None:
    environment = await api.ready_environment()
    place = _place(environment)
    made = await script.post(f"{place}/snapshots/", json={"comment": "with a slash"})
    snapshot = f"{place}/snapshots/{made.json()['snapshot_id']}"
    await api.completed(environment, {"backup_id": made.json()["snapshot_id"]})

    commented = await script.put(f"{snapshot}/", json={"comment": "still"})
    asked = {"source_snapshot_id": made.json()["snapshot_id"]}
    restored = await script.post(f"{place}/restores/", params=asked)

    assert (made.status_code, made.json()["comment"]) == (200, "with a slash")
    assert (commented.status_code, commented.json()["comment"]) == (200, "still")
    assert (restored.status_code, restored.json()["state"]) == (200, "queued"), restored.text


async def test_a_slash_at_the_end_of_a_delete_deletes(api: Api, script: httpx.AsyncClient) -> None:
    environment = await api.ready_environment()
    snapshot = (await _created(script, environment))["snapshot_id"]
    await api.completed(environment, {"backup_id": snapshot})
    place = f"{_place(environment)}/snapshots/{snapshot}"

    deleted = await script.delete(f"{place}/", params={"confirm_last": True})

    assert (deleted.status_code, (await script.get(place)).status_code) == (204, 404), deleted.text


async def test_apps_and_environments_are_found_as_scripts_look_for_them(api: Api, script: httpx.AsyncClient) -> None:
    environment = await api.ready_environment()
    slug = environment["app_slug"]

    apps = (await script.get("/api/1/apps")).json()
    (found,) = (await script.get(f"/api/1/apps/{slug.upper()}/environments/")).json()
    nobody = await script.get("/api/1/apps/nobody/environments")

    assert [(one["ProjectId"], one["Url"]) for one in apps if one["AppId"] == slug] == [
        (environment["app_id"], f"https://{slug}.invalid/")
    ]
    assert found["Url"] == f"https://{slug}.invalid/production"
    assert found.keys() == {"EnvironmentId", "Mode", "Status", "ModelVersion", "Url"}
    assert (found["EnvironmentId"], found["Mode"], found["Status"]) == (
        environment["environment_id"],
        "Production",
        "Stopped",
    )
    assert nobody.status_code == 404


async def test_all_environments_of_an_app_are_given_however_many(api: Api, script: httpx.AsyncClient) -> None:
    environment = await api.ready_environment()
    execute(
        api.platform.database(),
        "INSERT INTO read.environment SELECT id, app_id, 'test ' || id, false,"  # noqa: S608 -- an id of our own
        " document || jsonb_build_object('environment_id', id, 'name', 'test ' || id)"
        " FROM read.environment, (SELECT gen_random_uuid() AS id FROM generate_series(1, 1100)) made"
        f" WHERE environment_id = '{environment['environment_id']}'",
    )

    found = (await script.get(f"/api/1/apps/{environment['app_slug']}/environments")).json()

    assert len({one["EnvironmentId"] for one in found}) == len(found) == 1101


async def test_refusals_have_the_status_and_the_code_that_scripts_know(api: Api, script: httpx.AsyncClient) -> None:
    app = await api.new_app()
    environment, unchecked = await api.new_environment(app), await api.new_environment(app, "test", passed=False)
    other, nobody = await api.ready_environment(), str(uuid4())
    running = (await _created(script, environment))["snapshot_id"]
    place = _place(environment)
    elsewhere = f"/api/v2/apps/{environment['app_id']}/environments/{other['environment_id']}"
    expected = [
        ("GET", f"{elsewhere}/snapshots", 404, "ENVIRONMENT_NOT_FOUND"),
        ("GET", f"{_place(environment)}x/snapshots", 404, "ENVIRONMENT_NOT_FOUND"),
        ("GET", f"{place}/snapshots/{nobody}", 404, "NOT_FOUND"),
        ("GET", f"{_place(other)}/snapshots/{running}", 404, "NOT_FOUND"),
        ("GET", f"{place}/snapshots?offset=-1", 400, "INVALID_PARAMETERS"),
        ("GET", f"{place}/restores/{nobody}", 400, "NOT_FOUND"),
        ("POST", f"{place}/restores", 400, "INVALID_PARAMETERS"),
        ("POST", f"{place}/restores?source_snapshot_id={nobody}", 400, "NOT_FOUND"),
        ("DELETE", f"{place}/snapshots/{running}", 400, "ERROR_NOT_ALLOWED"),
        ("PUT", f"{place}/snapshots/{running}", 400, "INVALID_PARAMETERS"),
    ]

    for method, path, status, code in expected:
        answer = await script.request(method, path)
        assert (answer.status_code, answer.json()["errorCode"]) == (status, code), f"{method} {path} {answer.text}"
        assert answer.json()["errorMessage"]
    refused = await script.post(f"{_place(unchecked)}/snapshots")
    assert refused.status_code == 400, refused.text


async def test_what_has_no_row_of_its_own_is_told_as_not_allowed(api: Api, script: httpx.AsyncClient) -> None:
    for path in (f"{_place(await api.ready_environment())}/snapshots", "/api/1/apps"):
        answer = await script.patch(path)

        assert (answer.status_code, answer.json()["errorCode"]) == (400, "ERROR_NOT_ALLOWED"), answer.text
        assert "GET" in answer.headers["allow"]


async def test_a_body_that_is_too_large_is_refused_alike_whole_and_in_pieces(
    api: Api, script: httpx.AsyncClient
) -> None:
    place = f"{_place(await api.ready_environment())}/snapshots"
    large = b'{"comment": "' + b"x" * COMMAND_BYTES + b'"}'

    async def pieces() -> AsyncIterator[bytes]:
        yield large[:COMMAND_BYTES]
        yield large[COMMAND_BYTES:]

    for content in (large, pieces()):
        answer = await script.post(place, content=content)
        assert (answer.status_code, answer.json()["errorCode"]) == (400, "INVALID_PARAMETERS"), answer.text
    assert (await script.get(place)).json()["total"] == 0


async def test_the_last_good_snapshot_goes_only_when_that_was_said(api: Api, script: httpx.AsyncClient) -> None:
    environment = await api.ready_environment()
    snapshot = (await _created(script, environment))["snapshot_id"]
    await api.completed(environment, {"backup_id": snapshot})
    place = f"{_place(environment)}/snapshots/{snapshot}"

    refused, deleted = await script.delete(place), await script.delete(f"{place}?confirm_last=true")

    assert (refused.status_code, refused.json()["errorCode"]) == (400, "ERROR_NOT_ALLOWED")
    assert deleted.status_code == 204


async def test_a_script_needs_a_key_with_the_right(api: Api) -> None:
    environment = await api.ready_environment()
    place = f"{_place(environment)}/snapshots"

    async with api.connect(**{"Mendix-Username": ADMIN, "Mendix-ApiKey": "nobody"}) as stranger:
        unknown = await stranger.get(place)
    async with api.connect(await api.key_with(Scope.READ)) as reader:
        forbidden = await reader.post(place)

    assert (unknown.status_code, unknown.json()["errorCode"]) == (401, "UNAUTHORIZED")
    assert (forbidden.status_code, forbidden.json()["errorCode"]) == (403, "NO_ACCESS")
