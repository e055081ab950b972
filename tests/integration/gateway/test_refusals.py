"""What the platform refuses is told with its code, its reason and the right status, and has changed nothing."""

import re
from uuid import uuid4

import httpx
import pytest

from tests.support.gateway import Api, Json, described


def _told(answer: httpx.Response) -> tuple[int, str, str | None]:
    told = answer.json()
    assert told["errorMessage"]
    return answer.status_code, told["errorCode"], told.get("field")


async def test_an_address_that_lacks_its_last_id_or_ends_with_a_slash_is_none(api: Api) -> None:
    """Nothing else is shown in its place, and nobody is sent elsewhere; where scripts end with a slash, see test_v2."""
    paths = [path for path in (await api.client.get("/openapi.json")).json()["paths"] if path.startswith("/api/v1/")]
    cut = {path.rpartition("/")[0] for path in paths if path.endswith("}")}
    for path in sorted(cut | set(paths)):
        answer = await api.client.get(re.sub(r"{\w+}", str(uuid4()), f"{path}/"))
        assert _told(answer) == (404, "NOT_FOUND", None), path
        assert "location" not in answer.headers
    assert len(cut) > 15


async def test_a_slug_that_is_taken(api: Api) -> None:
    app = await api.new_app()

    answer = await api.client.post("/api/v1/apps", json={"name": "Another", "slug": app["slug"]})

    assert _told(answer) == (409, "ALREADY_EXISTS", "slug")


async def test_an_environment_name_that_is_taken_whatever_its_case(api: Api) -> None:
    app = await api.new_app()
    await api.new_environment(app, passed=False)

    answer = await api.client.post(f"/api/v1/apps/{app['app_id']}/environments", json=described("PRODUCTION"))

    assert _told(answer) == (409, "ALREADY_EXISTS", "name")


async def test_an_app_with_environments_is_not_forgotten(api: Api) -> None:
    app = await api.new_app()
    await api.new_environment(app, passed=False)

    answer = await api.client.delete(f"/api/v1/apps/{app['app_id']}")

    assert answer.status_code == 409


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("GET", "/api/v1/apps/{0}", None, "APP_NOT_FOUND"),
        ("PATCH", "/api/v1/apps/{0}", {"name": "x"}, "APP_NOT_FOUND"),
        ("DELETE", "/api/v1/apps/{0}", None, "APP_NOT_FOUND"),
        ("POST", "/api/v1/apps/{0}/environments", described(), "APP_NOT_FOUND"),
        ("POST", "/api/v1/environments/{0}/backups", None, "ENVIRONMENT_NOT_FOUND"),
        ("GET", "/api/v1/environments/{0}/backups", None, "ENVIRONMENT_NOT_FOUND"),
        ("GET", "/api/v1/environments/{0}/restores", None, "ENVIRONMENT_NOT_FOUND"),
        ("POST", "/api/v1/environments/{0}/stop", None, "ENVIRONMENT_NOT_FOUND"),
        ("DELETE", "/api/v1/environments/{0}", None, "ENVIRONMENT_NOT_FOUND"),
        ("GET", "/api/v1/backups/{0}", None, "NOT_FOUND"),
        ("PUT", "/api/v1/backups/{0}/comment", {"comment": "x"}, "NOT_FOUND"),
        ("POST", "/api/v1/backups/{0}/cancel", None, "NOT_FOUND"),
        ("GET", "/api/v1/backups/{0}/progress", None, "NOT_FOUND"),
        ("GET", "/api/v1/restores/{0}", None, "NOT_FOUND"),
        ("POST", "/api/v1/restores/{0}/undo", None, "NOT_FOUND"),
        ("GET", "/api/v1/restores/{0}/progress", None, "NOT_FOUND"),
        ("GET", "/api/v1/preflights/{0}", None, "NOT_FOUND"),
        ("POST", "/api/v1/preflights/{0}/cancel", None, "NOT_FOUND"),
        ("POST", "/api/v1/archives/{0}/cancel", None, "NOT_FOUND"),
        ("GET", "/api/v1/dead-letters/{0}", None, "NOT_FOUND"),
        ("POST", "/api/v1/dead-letters/{0}/replay", None, "NOT_FOUND"),
    ],
)
async def test_an_unknown_id(api: Api, method: str, path: str, body: Json | None, code: str) -> None:
    for unknown in (uuid4(), "no-uuid"):
        answer = await api.client.request(method, path.format(unknown), json=body)
        assert (answer.status_code, answer.json()["errorCode"]) == (404, code), answer.text


async def test_an_environment_that_never_passed_a_check_takes_no_backups(api: Api) -> None:
    environment = await api.new_environment(await api.new_app(), passed=False)

    answer = await api.client.post(f"/api/v1/environments/{environment['environment_id']}/backups")

    assert _told(answer)[:2] == (409, "ERROR_NOT_ALLOWED")
    assert "check" in answer.json()["errorMessage"]


async def test_an_app_that_runs_is_not_restored_into(api: Api) -> None:
    environment, backup = await api.backed_up()
    place = f"/api/v1/environments/{environment['environment_id']}"
    await api.client.post(f"{place}/deploy", json={"model_version": "1.0"})
    await api.client.post(f"{place}/start")

    answer = await api.client.post(f"{place}/restores", json={"backup_id": backup["backup_id"]})

    assert _told(answer)[:2] == (409, "ERROR_NOT_ALLOWED")
    assert (await api.client.get(f"{place}/restores")).json() == {"restores": [], "next": None}


async def test_a_restore_is_not_brought_into_another_app(api: Api) -> None:
    _, backup = await api.backed_up()
    foreign = await api.ready_environment()

    answer = await api.client.post(
        f"/api/v1/environments/{foreign['environment_id']}/restores", json={"backup_id": backup["backup_id"]}
    )

    assert _told(answer)[:2] == (409, "ERROR_NOT_ALLOWED")
    assert "another app" in answer.json()["errorMessage"]


async def test_a_busy_environment_names_what_is_under_way(api: Api) -> None:
    environment, backup = await api.backed_up()
    place = f"/api/v1/environments/{environment['environment_id']}"
    running = (await api.client.post(f"{place}/backups")).json()

    answer = await api.client.post(f"{place}/restores", json={"backup_id": backup["backup_id"]})

    assert _told(answer)[:2] == (409, "ENVIRONMENT_BUSY")
    assert running["backup_id"] in answer.json()["errorMessage"]


async def test_from_the_acceptance_of_a_restore_on_its_environment_is_busy(api: Api) -> None:
    environment, backup = await api.backed_up()
    place = f"/api/v1/environments/{environment['environment_id']}"
    restore = await api.client.post(f"{place}/restores", json={"backup_id": backup["backup_id"]})
    assert restore.status_code == 202, restore.text

    for path, body in (
        ("start", None),
        ("deploy", {"model_version": "2.0"}),
        ("restores", {"backup_id": backup["backup_id"]}),
    ):
        answer = await api.client.post(f"{place}/{path}", json=body)
        assert _told(answer)[:2] == (409, "ENVIRONMENT_BUSY"), path
        assert restore.json()["restore_id"] in answer.json()["errorMessage"]


async def test_a_backup_that_has_not_completed_is_not_restored(api: Api) -> None:
    app = await api.new_app()
    source, destination = [await api.new_environment(app, name) for name in ("production", "acceptance")]
    backup = (await api.client.post(f"/api/v1/environments/{source['environment_id']}/backups")).json()

    answer = await api.client.post(
        f"/api/v1/environments/{destination['environment_id']}/restores", json={"backup_id": backup["backup_id"]}
    )

    assert _told(answer)[:2] == (409, "ERROR_NOT_ALLOWED")


async def test_a_completed_backup_is_not_cancelled_nor_an_unpinned_one_unpinned(api: Api) -> None:
    _, backup = await api.backed_up()
    place = f"/api/v1/backups/{backup['backup_id']}"

    assert _told(await api.client.post(f"{place}/cancel"))[:2] == (409, "ERROR_NOT_ALLOWED")
    assert _told(await api.client.delete(f"{place}/pin"))[:2] == (409, "ERROR_NOT_ALLOWED")


async def test_nothing_is_started_where_nothing_is_deployed(api: Api) -> None:
    environment = await api.ready_environment()

    answer = await api.client.post(f"/api/v1/environments/{environment['environment_id']}/start")

    assert _told(answer)[:2] == (409, "ERROR_NOT_ALLOWED")
