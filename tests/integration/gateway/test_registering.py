"""Apps and environments over HTTP: made known, listed, shown, changed, forgotten."""

from uuid import uuid4

import pytest

from contracts.topics import Topic
from services.platform.messaging.reading import LogReader
from tests.support.gateway import Api, Json, described


async def test_an_app_is_registered_found_by_name_renamed_and_removed(api: Api) -> None:
    app = await api.new_app()
    place = f"/api/v1/apps/{app['app_id']}"

    assert (await api.client.get(place)).json() == app
    for name in (app["slug"].upper(), app["name"].lower()):
        assert (await api.client.get("/api/v1/apps", params={"name": name})).json()["apps"] == [app]
    renamed = await api.client.patch(place, json={"name": "Orders and more"})
    assert renamed.json() == {**app, "name": "Orders and more"}
    assert (await api.client.delete(place)).status_code == 204
    gone = await api.client.get(place)
    assert (gone.status_code, gone.json()["errorCode"]) == (404, "APP_NOT_FOUND")
    assert (await api.client.get("/api/v1/apps", params={"name": app["slug"]})).json()["apps"] == []


async def test_apps_are_paged_by_slug(api: Api) -> None:
    made = {(await api.new_app())["slug"] for _ in range(3)}

    seen = [app["slug"] for app in await api.every("/api/v1/apps", "apps", limit=2)]

    assert made <= set(seen)
    assert seen == sorted(seen)
    assert len(seen) == len(set(seen))


async def test_an_environment_shows_what_it_was_registered_as(api: Api) -> None:
    app = await api.new_app()

    environment = await api.new_environment(app, passed=False)

    asked = described()
    assert {name: environment[name] for name in asked if name not in ("database", "files")} == {
        name: value for name, value in asked.items() if name not in ("database", "files")
    }
    assert environment["database"] | asked["database"] == environment["database"]
    assert (environment["app_slug"], environment["run_state"]) == (app["slug"], "stopped")
    assert (environment["check"]["state"], environment["ever_passed"]) == ("running", False)


async def test_the_findings_of_a_check_are_waited_for_and_shown(api: Api) -> None:
    environment = await api.new_environment(await api.new_app(), passed=False)
    finding = {"code": "MISSING_RIGHTS", "severity": "error", "message": "orders may not create databases"}
    await api.tell(*api.checked(environment, passed=False, findings=[finding]))

    seen = await api.client.post(f"/api/v1/environments/{environment['environment_id']}/checks?wait_seconds=0")
    assert seen.json()["state"] == "running"
    shown = await api.client.get(f"/api/v1/environments/{environment['environment_id']}")

    assert shown.json()["check"]["check_id"] == seen.json()["check_id"] != environment["check"]["check_id"]


async def test_an_environment_that_failed_its_check_says_why(api: Api) -> None:
    environment = await api.new_environment(await api.new_app(), passed=False)
    finding = {"code": "MISSING_RIGHTS", "severity": "error", "message": "orders may not create databases"}
    await api.tell(*api.checked(environment, passed=False, findings=[finding]))

    failed = await api.eventually_environment(environment, "ever_passed", False)  # noqa: FBT003 -- a value

    assert failed["check"]["check_id"] == environment["check"]["check_id"]


async def test_environments_are_found_by_app_and_name(api: Api) -> None:
    app = await api.new_app()
    production, acceptance = [
        await api.new_environment(app, name, passed=False) for name in ("Production", "acceptance")
    ]

    async def names(**query: str) -> list[str]:
        answer = await api.client.get("/api/v1/environments", params={"app_id": app["app_id"], **query})
        return [one["name"] for one in answer.json()["environments"]]

    assert await names() == [production["name"], acceptance["name"]]
    assert await names(name="PRODUCTION") == ["Production"]
    assert await names(name="nothing") == []


async def test_run_state_and_model_version_are_what_the_commands_said(api: Api) -> None:
    environment = await api.ready_environment()
    place = f"/api/v1/environments/{environment['environment_id']}"

    package = {"model_version": "7.1.0", "package_bytes": 48_000_000, "package_sha256": "0f" * 32}
    deployed = await api.client.post(f"{place}/deploy", json=package)
    started = await api.client.post(f"{place}/start")
    stopped = await api.client.post(f"{place}/stop")

    assert [one.json()["run_state"] for one in (deployed, started, stopped)] == ["stopped", "running", "stopped"]
    assert {name: stopped.json()[name] for name in package} == package
    again = (await api.client.post(f"{place}/deploy", json={"model_version": "7.2.0"})).json()
    assert (again["model_version"], again["package_bytes"], again["package_sha256"]) == ("7.2.0", None, None)


async def test_published_services_are_shown_until_they_are_unpublished(api: Api) -> None:
    environment = await api.new_environment(await api.new_app(), passed=False)
    place = f"/api/v1/environments/{environment['environment_id']}"

    async def said(verb: str, name: str) -> Json:
        return dict((await api.client.post(f"{place}/{verb}", json={"service_name": name})).json())

    assert (await said("publish", "orders"))["app_services"] == ["orders"]
    assert (await said("publish", "stock"))["app_services"] == ["orders", "stock"]
    assert (await said("publish", "stock"))["errorCode"] == "ALREADY_EXISTS"
    assert (await said("unpublish", "orders"))["app_services"] == ["stock"]
    assert (await said("unpublish", "orders"))["field"] == "service_name"


async def test_a_hook_is_shown_asked_and_its_answer_waited_for(api: Api) -> None:
    hook = {"url": "https://platform.example.com/hook", "secret": "secret:hook"}
    environment = await api.new_environment(await api.new_app(), passed=False)
    place = f"/api/v1/environments/{environment['environment_id']}"
    await api.client.patch(place, params={"wait_seconds": 0}, json={"hook": hook})

    asked = (await api.client.post(f"{place}/stop", params={"wait_seconds": 0})).json()
    assert (asked["hook"], asked["hook_call"]["action"], asked["hook_failure"]) == (hook, "stop", None)
    call = asked["hook_call"] | {"reason": "the hook answered 409: busy"}
    await api.tell(api.history(environment).record(f"restore/hook/{call['call_id']}", "HookFailed", **call))
    failed = await api.eventually_environment(environment, "hook_call", None)
    assert failed["hook_failure"] == "the hook answered 409: busy"

    without = await api.client.patch(place, params={"wait_seconds": 0}, json={"without_hook": True})
    assert without.json()["hook"] is None
    stopped = await api.client.post(f"{place}/stop")
    assert (stopped.json()["hook_call"], stopped.json()["hook_failure"]) == (None, None)


@pytest.mark.parametrize(
    ("hook", "field"),
    [
        ({"url": "https://ada:pw@platform.example.com", "secret": "secret:hook"}, "hook.url"),
        ({"url": "ftp://platform.example.com", "secret": "secret:hook"}, "hook.url"),
        ({"url": "https://platform.example.com", "secret": "whsec_c2lnbmVk"}, "hook.secret"),
    ],
)
async def test_a_hook_that_cannot_be_called_is_refused(api: Api, hook: Json, field: str) -> None:
    app = await api.new_app()
    answer = await api.client.post(f"/api/v1/apps/{app['app_id']}/environments", json=described(hook=hook))
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert "pw" not in answer.text
    assert "whsec_" not in answer.text


async def test_a_changed_place_is_checked_anew_and_what_was_not_given_stays(api: Api) -> None:
    environment = await api.ready_environment()
    place = f"/api/v1/environments/{environment['environment_id']}"

    changed = await api.client.patch(
        place, params={"wait_seconds": 0}, json={"files": {"kind": "directory", "path": "/srv/elsewhere"}}
    )

    assert changed.status_code == 200, changed.text
    assert changed.json()["files"]["path"] == "/srv/elsewhere"
    assert changed.json()["database"] == environment["database"]
    assert (changed.json()["check"]["state"], changed.json()["ever_passed"]) == ("running", False)


async def test_a_removed_environment_is_gone_and_its_backups_are_still_listed(api: Api) -> None:
    environment = await api.ready_environment()
    place = f"/api/v1/environments/{environment['environment_id']}"
    backup = (await api.client.post(f"{place}/backups")).json()
    await api.completed(environment, backup)

    assert (await api.client.delete(place)).status_code == 204

    assert (await api.client.get(place)).status_code == 404
    assert [one["backup_id"] for one in (await api.client.get(f"{place}/backups")).json()["backups"]] == [
        backup["backup_id"]
    ]
    refused = await api.client.post(f"{place}/backups")
    assert (refused.status_code, refused.json()["errorCode"]) == (404, "ENVIRONMENT_NOT_FOUND")


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"region": "asia-pacific", "cloud_version": "v3"}, "INVALID_PARAMETERS", None),
        ({"cloud_version": "v5"}, "INVALID_PARAMETERS", "cloud_version"),
        ({"colour": "blue"}, "INVALID_PARAMETERS", "colour"),
        ({"name": ""}, "INVALID_PARAMETERS", "name"),
        ({"files": {"kind": "directory", "path": "relative"}}, "INVALID_PARAMETERS", "files.directory.path"),
        ({"database": {**described()["database"], "port": 0}}, "INVALID_PARAMETERS", "database.port"),
        ({"database": {**described()["database"], "password": "hunter2"}}, "LITERAL_SECRET", "database.password"),
    ],
)
async def test_an_environment_that_cannot_be_is_refused_by_field(
    api: Api, change: dict[str, object], code: str, field: str | None
) -> None:
    app = await api.new_app()

    answer = await api.client.post(f"/api/v1/apps/{app['app_id']}/environments", json=described(**change))  # type: ignore[arg-type]  # -- any field

    told = answer.json()
    assert (answer.status_code, told["errorCode"], told.get("field")) == (400, code, field), told
    assert "hunter2" not in answer.text
    assert await api.every("/api/v1/environments", "environments", limit=10, app_id=app["app_id"]) == []


async def test_asia_pacific_on_v3_is_refused_with_what_to_do(api: Api) -> None:
    app = await api.new_app()

    answer = await api.client.post(
        f"/api/v1/apps/{app['app_id']}/environments",
        json=described(region="asia-pacific", cloud_version="v3"),
    )

    assert "register the environment as v4" in answer.json()["errorMessage"]


async def test_a_literal_password_never_reaches_kafka(api: Api) -> None:
    app = await api.new_app()
    secret = f"hunter-{uuid4().hex}"
    literal = {**described()["database"], "password": secret}

    await api.client.post(f"/api/v1/apps/{app['app_id']}/environments", json=described(database=literal))

    async with LogReader.open(api.platform.kafka) as reader:
        for topic in Topic:
            for partition, end in (await reader.ends(topic)).items():
                async for records in reader.read(topic, partition, 0, end):
                    assert not any(secret.encode() in (one.record.value or b"") for one in records)
    assert secret not in api.platform.services["gateway"].log.read_text()
