"""An auditor is told who asked for what, when, and what came of it, at the places that they administer."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.gateway.domain.rights import Scope
from tests.integration.gateway.test_people import FORBIDDEN, MISSING, as_user, customer, give, key_id, new_user, told
from tests.support.eventually import eventually
from tests.support.gateway import ADMIN, Api, Json

AUDIT = "/api/v1/audit"


async def entries(client: httpx.AsyncClient, **asked: Any) -> list[Json]:  # noqa: ANN401 -- parameters as httpx takes them
    """One page of entries."""
    answer = await client.get(AUDIT, params={"limit": 500} | asked)
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()["entries"]
    return found


async def entries_with(client: httpx.AsyncClient, *what: str, **asked: Any) -> list[Json]:  # noqa: ANN401 -- as above
    """The same once all of these are told: what a gateway says of rights is read a moment after its answer."""

    async def look() -> list[Json] | None:
        found = await entries(client, **asked)
        return found if set(what) <= set(names(found)) else None

    found = await eventually(look)
    assert found is not None
    return found


def names(found: list[Json]) -> list[str]:
    """What the entries are."""
    return [one["what"] for one in found]


async def a_kept_and_a_deleted_backup(api: Api) -> tuple[Json, Json]:
    """An environment, and a backup there that was asked for, completed, pinned, unpinned and deleted."""
    environment = await api.ready_environment()
    made = f"/api/v1/environments/{environment['environment_id']}/backups"
    for _ in range(2):
        backup = (await api.client.post(made, json={"comment": "before the release"})).json()
        await api.completed(environment, backup)
    place = f"/api/v1/backups/{backup['backup_id']}"
    assert (await api.client.put(f"{place}/pin", json={"reason": "for the audit"})).is_success
    assert (await api.client.delete(place)).status_code == 409
    assert (await api.client.delete(f"{place}/pin")).is_success
    assert (await api.client.delete(place)).is_success
    return environment, backup


async def uses(api: Api, environment: Json, operation: str) -> list[Json]:
    """The uses of rights for an operation in an environment, once there is one."""
    path = f"{AUDIT}?environment_id={environment['environment_id']}&what=RightUsed&limit=500"
    for count in range(1, 20):
        found = await api.eventually_many(path, "entries", count)
        if wanted := [one for one in found if one["told"]["operation"] == operation]:
            return wanted
    raise AssertionError(operation)


async def test_the_life_of_a_backup_is_told_from_the_request_to_the_rule_that_it_was_kept_by(api: Api) -> None:
    environment, backup = await a_kept_and_a_deleted_backup(api)

    found = await entries(api.client, environment_id=environment["environment_id"], backup_id=backup["backup_id"])

    decided = [one for one in found if one["said_by"] == "catalog"]
    assert names(decided) == ["BackupDeletionRequested", "BackupUnpinned", "BackupPinned", "BackupRequested"]
    assert {"BackupStarted", "BackupCompleted"} <= set(names(found))
    asked, gone = decided[-1], decided[0]
    assert {(one["actor"], one["actor_kind"], one["actor_verified"]) for one in (asked, gone)} == {
        (f"user:{ADMIN}", "user", True)
    }
    assert (asked["told"]["comment"], asked["said_by"]) == ("before the release", "catalog")
    assert asked["ids"]["backup_id"] == backup["backup_id"]
    assert (gone["stream"], gone["sequence"]) == (f"catalog/backup/{backup['backup_id']}", 4)
    assert gone["rule"]["policy"] == asked["told"]["policy"]
    assert gone["rule"]["expires_at"] == asked["told"]["expires_at"]


async def test_a_use_of_a_right_lies_where_its_thing_lies_and_leads_to_what_it_caused(api: Api) -> None:
    environment, backup = await a_kept_and_a_deleted_backup(api)

    (pinned,) = await uses(api, environment, "pin_backup")
    led_to = await entries(api.client, correlation_id=pinned["correlation_id"])
    of_key = await entries(api.client, environment_id=environment["environment_id"], key_id=pinned["key_id"])

    assert (pinned["app_id"], pinned["backup_id"]) == (environment["app_id"], backup["backup_id"])
    assert pinned["key_id"] == key_id(api.key)
    assert sorted(names(led_to)) == ["BackupPinned", "RightUsed"]
    assert set(names(of_key)) == {"RightUsed"}


async def test_a_refused_command_is_told_with_its_reason_where_its_backup_is(api: Api) -> None:
    environment, _ = await a_kept_and_a_deleted_backup(api)

    (refused,) = await entries(api.client, environment_id=environment["environment_id"], what="CommandRejected")

    assert (refused["told"]["command"], refused["told"]["code"]) == ("DeleteBackup", "ERROR_NOT_ALLOWED")
    assert "pin" in refused["told"]["reason"]
    assert (refused["app_id"], refused["actor"]) == (environment["app_id"], f"user:{ADMIN}")


async def test_entries_are_found_by_name_person_and_time(api: Api) -> None:
    environment, _ = await a_kept_and_a_deleted_backup(api)
    place = {"environment_id": environment["environment_id"]}
    all_of_it = await entries(api.client, **place)
    deleted = next(one for one in all_of_it if one["what"] == "BackupDeletionRequested")

    picked = await entries(api.client, **place, what=["BackupPinned", "BackupUnpinned"])
    asked_for = await entries(api.client, **place, actor=f"user:{ADMIN}")
    nobody = await entries(api.client, **place, actor="nightly")
    since = await entries(api.client, **place, since=deleted["at"], what="BackupDeletionRequested")
    until = await entries(api.client, **place, until=deleted["at"])

    assert names(picked) == ["BackupUnpinned", "BackupPinned"]
    assert {one["actor"] for one in asked_for} == {f"user:{ADMIN}"}
    assert nobody == []
    assert since == [deleted]
    assert until
    assert all(one["at"] < deleted["at"] for one in until)


async def test_pages_show_every_entry_once_while_others_come(api: Api) -> None:
    environment, backup = await a_kept_and_a_deleted_backup(api)
    await uses(api, environment, "delete_backup")
    place = {"environment_id": environment["environment_id"]}
    whole = await entries(api.client, **place)

    first = (await api.client.get(AUDIT, params=place | {"limit": 2})).json()
    assert (await api.client.post(f"/api/v1/environments/{place['environment_id']}/backups")).is_success
    rest = await api.every(AUDIT, "entries", limit=1, **place, after=first["next"])

    assert [one["event_id"] for one in first["entries"] + rest] == [one["event_id"] for one in whole]
    assert len({one["event_id"] for one in whole}) == len(whole)
    assert [one["at"] for one in whole] == sorted((one["at"] for one in whole), reverse=True)
    assert backup["backup_id"] in str(whole)


async def test_whoever_administers_a_place_sees_what_lies_there_and_of_the_rest_nothing(api: Api) -> None:
    app = await api.new_app()
    environment, beside = await api.new_environment(app), await api.new_environment(app, "acceptance")
    elsewhere = await api.ready_environment()
    user = await new_user(api)
    async with as_user(api, user) as client:
        await give(api, f"/environments/{elsewhere['environment_id']}", user, Scope.READ)
        await give(api, f"/environments/{environment['environment_id']}", user, Scope.ADMIN)
        place = {"environment_id": environment["environment_id"]}
        own = await entries_with(client, "EnvironmentRegistered", "AccessGranted", **place)
        refused = [
            told(await client.get(AUDIT, params=place))
            for place in ({}, {"app_id": app["app_id"]}, {"environment_id": elsewhere["environment_id"]})
        ]
        await give(api, f"/apps/{app['app_id']}", user, Scope.ADMIN)
        of_app = await entries(client, app_id=app["app_id"])

    assert {one["environment_id"] for one in own} == {environment["environment_id"]}
    assert {one["app_id"] for one in of_app} == {app["app_id"]}
    assert {environment["environment_id"], beside["environment_id"]} <= {one["environment_id"] for one in of_app}
    assert refused == [FORBIDDEN] * 3


async def test_a_place_of_others_does_not_exist(api: Api) -> None:
    environment = await api.ready_environment()
    user = await new_user(api, (await customer(api))["organisation_id"])
    async with as_user(api, user) as client:
        hidden = [
            await client.get(AUDIT, params={"environment_id": environment["environment_id"]}),
            await client.get(AUDIT, params={"environment_id": str(uuid4())}),
        ]
        mixed = await client.get(
            AUDIT, params={"organisation_id": user["organisation_id"], "environment_id": environment["environment_id"]}
        )
    assert [told(one) for one in (*hidden, mixed)] == [MISSING] * 3
    assert hidden[0].json() == hidden[1].json()


async def test_an_organisation_has_what_is_said_of_its_apps_and_users_and_not_what_these_do_elsewhere(api: Api) -> None:
    organisation, stranger = await customer(api), await new_user(api)
    user = await new_user(api, organisation["organisation_id"])
    app = await api.new_app()
    owner = {"organisation_id": organisation["organisation_id"]}
    assert (await api.client.put(f"/api/v1/apps/{app['app_id']}/organisation", json=owner)).is_success
    await give(api, f"/organisations/{organisation['organisation_id']}", user, Scope.ADMIN)
    elsewhere = await api.new_app()
    await give(api, f"/apps/{elsewhere['app_id']}", user, Scope.READ)
    async with as_user(api, user) as client:
        assert (await client.get(f"/api/v1/apps/{elsewhere['app_id']}/policy")).is_success
        said = ("OrganisationAdded", "UserAdded", "AccessGranted", "KeyCreated", "AppRegistered")
        found = await entries_with(client, *said, **owner)

    assert elsewhere["app_id"] not in str(found)
    assert app["app_id"] in {one["app_id"] for one in found}
    assert stranger["user_id"] not in str(found)


async def test_no_entry_holds_a_secret(api: Api) -> None:
    await a_kept_and_a_deleted_backup(api)
    made = (await api.client.post("/api/v1/keys", json={"name": "pipeline", "scopes": ["read"]})).json()

    found = await api.eventually_many(f"{AUDIT}?what=KeyCreated&key_id={made['key_id']}", "entries", 1)
    everything = str(await api.every(AUDIT, "entries", limit=500))

    assert found[0]["told"]["scopes"] == ["read"]
    for secret in (api.key, made["api_key"]):
        assert secret.split("_", 2)[2] not in everything


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"what": "BackupVanished"}, "what"),
        ({"after": "yesterday"}, "after"),
        ({"since": "yesterday"}, "since"),
        ({"since": "2026-03-04T19:00:00"}, "since"),
        ({"limit": 501}, "limit"),
        ({"actor": "user:\x00"}, "actor"),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused_by_its_name(api: Api, asked: Json, field: str) -> None:
    answer = await api.client.get(AUDIT, params=asked)

    assert told(answer) == (400, "INVALID_PARAMETERS")
    assert field in answer.json()["field"]
