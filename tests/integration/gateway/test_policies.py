"""Policies over HTTP: which holds where, what another would do, and applying it to existing backups."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from services.gateway.domain.rights import Scope
from tests.support.gateway import Api, Json

SHORT: Json = {"name": "short", "daily": {"days": 1}}
LONG: Json = {"name": "long", "daily": {"months": 2}, "on_demand": {"months": 24}}


def _policy_of(environment: Json) -> str:
    return f"/api/v1/environments/{environment['environment_id']}/policy"


async def _backup(api: Api, environment: Json) -> Json:
    answer = await api.client.post(f"/api/v1/environments/{environment['environment_id']}/backups")
    backup: Json = answer.json()
    await api.completed(environment, backup)
    return backup


async def _changed(api: Api, place: str, policy: Any, **more: object) -> Json:  # noqa: ANN401 -- a preset or a policy
    answer = await api.client.put(place, json={"policy": policy} | more)
    assert answer.status_code == httpx.codes.OK, answer.text
    changed: Json = answer.json()
    return changed


async def test_an_environment_follows_its_own_policy_else_its_app_s_else_the_default(api: Api) -> None:
    environment = await api.ready_environment()
    place, of_app = _policy_of(environment), f"/api/v1/apps/{environment['app_id']}/policy"

    seen = [(await api.client.get(place)).json()]
    await _changed(api, of_app, "flat-on-demand")
    seen.append((await api.client.get(place)).json())
    await _changed(api, place, LONG)
    seen.append((await api.client.get(place)).json())
    await _changed(api, place, None)
    seen.append((await api.client.get(place)).json())

    assert [(one["policy"]["name"], one["given_by"]) for one in seen] == [
        ("classic", "default"),
        ("flat-on-demand", "app"),
        ("long", "environment"),
        ("flat-on-demand", "app"),
    ]
    assert (await api.client.get(of_app)).json()["given_by"] == "app"


async def test_a_new_policy_holds_for_new_backups_and_leaves_the_others(api: Api) -> None:
    environment = await api.ready_environment()
    old = await _backup(api, environment)

    change = await _changed(api, _policy_of(environment), LONG)

    new = await _backup(api, environment)
    assert (change["application"], change["changed_by"], change["policy"]["version"]) == ("none", "ada", 1)
    assert (new["policy"], [one["window"] for one in new["windows"]]) == ("long", ["on_demand"])
    assert (await api.client.get(f"/api/v1/backups/{old['backup_id']}")).json()["expires_at"] == old["expires_at"]


async def test_a_simulation_says_of_each_backup_what_would_change_and_changes_nothing(api: Api) -> None:
    environment = await api.ready_environment()
    first, last = await _backup(api, environment), await _backup(api, environment)
    place = _policy_of(environment)

    shorter = (await api.client.post(f"{place}/simulations", json={"policy": SHORT})).json()
    longer = (await api.client.post(f"{place}/simulations", json={"policy": LONG})).json()

    assert [one["backup_id"] for one in shorter["backups"]] == [first["backup_id"], last["backup_id"]]
    assert [one["fate"] for one in shorter["backups"]] == ["shorter", "shorter"]
    assert [one["held_by"] for one in shorter["backups"]] == [[], ["last_good"]]
    assert (shorter["effect"]["shorter_count"], longer["effect"]["longer_count"]) == (2, 2)
    assert [one["backup_ids"] for one in shorter["calendar"]] == [[first["backup_id"]]]
    assert (await api.client.get(place)).json()["given_by"] == "default"
    assert (await api.client.get(f"/api/v1/backups/{first['backup_id']}")).json()["expires_at"] == first["expires_at"]


async def test_the_calendar_has_failed_backups_too_and_counts_the_cooling_off(api: Api) -> None:
    environment = await api.ready_environment()
    first, last = await _backup(api, environment), await _backup(api, environment)
    answer = await api.client.post(f"/api/v1/environments/{environment['environment_id']}/backups")
    await api.failed(environment, failed := answer.json())

    found = (await api.client.post(f"{_policy_of(environment)}/simulations", json={"policy": SHORT})).json()

    created, at = datetime.fromisoformat(failed["created_at"]), datetime.fromisoformat(found["at"])
    days = [str((at + timedelta(days=3)).date()), str((created + timedelta(days=14)).date())]
    assert [one["backup_id"] for one in found["backups"]] == [first["backup_id"], last["backup_id"]]
    assert [(one["day"], one["backup_ids"], one["over_cap"]) for one in found["calendar"]] == [
        (days[0], [first["backup_id"]], []),
        (days[1], [failed["backup_id"]], []),
    ]


async def test_what_was_simulated_is_what_is_approved_and_shortening_cools_off(api: Api) -> None:
    environment = await api.ready_environment()
    await _backup(api, environment)
    place = _policy_of(environment)
    simulated = (await api.client.post(f"{place}/simulations", json={"policy": SHORT})).json()

    change = await _changed(api, place, SHORT, apply_to_existing=True)

    assert (change["application"], change["digest"]) == ("waiting", simulated["digest"])
    assert change["not_before"] > change["requested_at"]
    assert (await api.client.get(place)).json()["pending"] == change
    at = f"/api/v1/policy-changes/{change['policy_change_id']}"
    wrong = await api.client.post(f"{at}/approve", json={"digest": "another"})
    approved = await api.client.post(f"{at}/approve", json={"digest": change["digest"]})
    withdrawn = await api.client.post(f"{at}/withdraw")
    assert (wrong.status_code, wrong.json()["field"]) == (409, "digest")
    assert (approved.json()["application"], approved.json()["approved_by"]) == ("approved", "ada"), approved.text
    assert (withdrawn.json()["application"], withdrawn.json()["withdrawn_by"]) == ("withdrawn", "ada")
    assert (await api.client.get(place)).json()["pending"] is None


async def test_what_a_change_stands_for_can_be_simulated_again_until_one_of_its_backups_goes(api: Api) -> None:
    environment = await api.ready_environment()
    old = await _backup(api, environment)
    place = _policy_of(environment)
    await _changed(api, place, LONG)
    change = await _changed(api, place, SHORT, apply_to_existing=True)
    assert change["policy"]["version"] == 2

    again = (await api.client.post(f"{place}/simulations", json={"policy": SHORT})).json()
    as_told = (await api.client.post(f"{place}/simulations", json={"policy": change["policy"]})).json()
    other = (await api.client.post(f"{place}/simulations", json={"policy": SHORT | {"daily": {"days": 2}}})).json()
    await _backup(api, environment)
    newer = (await api.client.post(f"{place}/simulations", json={"policy": SHORT})).json()
    assert (await api.client.delete(f"/api/v1/backups/{old['backup_id']}")).is_success
    gone = (await api.client.post(f"{place}/simulations", json={"policy": SHORT})).json()

    assert [one["digest"] for one in (again, as_told, newer)] == [change["digest"]] * 3
    assert again["effect"] == change["effect"]
    assert [one["fate"] for one in again["backups"]] == ["shorter"]
    assert change["digest"] not in (other["digest"], gone["digest"])


async def test_what_only_lengthens_is_applied_as_soon_as_it_is_approved(api: Api) -> None:
    environment = await api.ready_environment()
    backup = await _backup(api, environment)
    change = await _changed(api, _policy_of(environment), LONG, apply_to_existing=True)
    at = f"/api/v1/policy-changes/{change['policy_change_id']}"

    await api.client.post(f"{at}/approve", json={"digest": change["digest"]})

    applied = await api.eventually(at, "application", "applied")
    now = await api.eventually(f"/api/v1/backups/{backup['backup_id']}", "policy", "long")
    assert applied["changed_count"] == 1
    assert now["expires_at"] > backup["expires_at"]
    told = (await api.client.get(f"/api/v1/backups/{backup['backup_id']}/explain")).json()
    assert [one["because"] for one in told["judgements"]] == ["accepted", "policy_changed"]


async def test_an_app_s_policy_is_simulated_on_the_environments_that_follow_it(api: Api) -> None:
    app = await api.new_app()
    follower, other = await api.new_environment(app, "production"), await api.new_environment(app, "test")
    backup, _ = await _backup(api, follower), await _backup(api, other)
    await _changed(api, _policy_of(other), LONG)

    place = f"/api/v1/apps/{app['app_id']}/policy/simulations"
    simulated = (await api.client.post(place, json={"policy": "flat-on-demand"})).json()

    assert [one["backup_id"] for one in simulated["backups"]] == [backup["backup_id"]]


@pytest.mark.parametrize(
    ("policy", "field"),
    [
        ("clasic", "policy"),
        ({"name": "classic", "daily": {"days": 3}}, "policy.name"),
        ({"name": "own", "weekly": {"months": 3}}, "policy.own"),
        ({"name": "own", "daily": {"days": 0}}, "policy.own.daily"),
        ({"name": "own", "daily": {"days": -1}}, "policy.own.daily.days"),
        ({"name": "own", "daily": {"weeks": 2}}, "policy.own.daily.weeks"),
        (7, "policy.own"),
    ],
)
async def test_a_policy_that_makes_no_sense_is_refused_where_it_is_given_and_where_it_is_simulated(
    api: Api, policy: object, field: str
) -> None:
    place = _policy_of(await api.ready_environment())

    given = await api.client.put(place, json={"policy": policy})
    simulated = await api.client.post(f"{place}/simulations", json={"policy": policy})

    for answer in (given, simulated):
        assert (answer.status_code, answer.json()["errorCode"]) == (400, "INVALID_PARAMETERS"), answer.text
        assert answer.json()["field"] == field


async def test_looking_at_a_policy_is_reading_and_giving_one_is_administering(api: Api) -> None:
    place = _policy_of(await api.ready_environment())
    others = [scope for scope in Scope if scope is not Scope.ADMIN]

    async with api.connect(await api.key_with(*others)) as reader:
        looked = await reader.post(f"{place}/simulations", json={"policy": "classic"})
        given = await reader.put(place, json={"policy": "classic"})

    assert (looked.status_code, given.status_code) == (200, 403), looked.text


async def test_policies_of_nobody_are_not_found(api: Api) -> None:
    nobody = "00000000-0000-4000-8000-000000000000"
    for path, code in (
        (f"/api/v1/environments/{nobody}/policy", "ENVIRONMENT_NOT_FOUND"),
        (f"/api/v1/apps/{nobody}/policy", "APP_NOT_FOUND"),
        (f"/api/v1/policy-changes/{nobody}", "NOT_FOUND"),
    ):
        answer = await api.client.get(path)
        assert (answer.status_code, answer.json()["errorCode"]) == (404, code), path
