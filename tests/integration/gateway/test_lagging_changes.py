"""Whatever is asked for while the read model lags is accepted, told as that, and never as missing afterwards."""

from typing import Final

import httpx
import pytest

from services.gateway.domain.rights import Scope
from tests.integration.gateway.test_people import customer, give, let_in, new_user
from tests.support.dice import some_of
from tests.support.gateway import Api, described
from tests.support.lagging import held_up

ASKED: Final = {
    "restore": ("POST", "restores", "read.restore"),
    "preflight": ("POST", "preflights?wait_seconds=0", "read.preflight"),
    "dry run": ("POST", "restores?dry_run=true&wait_seconds=0", "read.preflight"),
    "policy": ("PUT", "policy", "read.policy_change"),
}
"""How it is asked for at an environment, and the table whose writers are held up."""


@pytest.mark.parametrize("what", some_of(list(ASKED), 2))
async def test_what_was_accepted_meanwhile_is_not_known_yet_instead_of_missing(
    api: Api, hasty: httpx.AsyncClient, what: str
) -> None:
    (environment, backup), user = await api.backed_up(), await new_user(api)
    backup_id = backup["backup_id"]
    method, at, table = ASKED[what]
    place = f"/api/v1/environments/{environment['environment_id']}"
    await give(api, place.removeprefix("/api/v1"), user, Scope.READ, Scope.RESTORE, Scope.ADMIN)
    stranger = await new_user(api, (await customer(api))["organisation_id"])
    auth = {"Authorization": f"Bearer {await let_in(api, user)}"}
    strange = {"Authorization": f"Bearer {await let_in(api, stranger)}"}
    body = {"policy": "classic", "apply_to_existing": True} if what == "policy" else {"backup_id": backup_id}

    async with held_up(api, f"LOCK TABLE {table} IN SHARE MODE"):
        accepted = await hasty.request(method, f"{place}/{at}", headers=auth, json=body)
        assert (accepted.status_code, accepted.json()) == (202, {"accepted": True}), accepted.text
        where = accepted.headers["location"]
        early = await hasty.get(where, headers=auth)
        of_another = await hasty.get(where, headers=strange)
    late = await api.client.get(where, headers=auth)

    assert accepted.headers["nightkeep-read-lag"].startswith("catalog/")
    assert (early.status_code, early.json()["errorCode"], early.headers["retry-after"]) == (503, "NOT_KNOWN_YET", "1")
    assert (of_another.status_code, of_another.json()["errorCode"]) == (404, "NOT_FOUND"), "existence is not revealed"
    assert late.status_code == 200, late.text
    assert late.json()["environment_id"] == environment["environment_id"]


async def test_a_restore_that_lags_is_done_once_and_told_when_it_is_asked_for_again(
    api: Api, hasty: httpx.AsyncClient
) -> None:
    environment, backup = await api.backed_up()
    backup_id = backup["backup_id"]
    place = f"/api/v1/environments/{environment['environment_id']}/restores"
    key = {"Idempotency-Key": f"late-{backup_id}"}

    async with held_up(api, "LOCK TABLE read.restore IN SHARE MODE"):
        first = await hasty.post(place, headers=key, json={"backup_id": backup_id})
        again = await hasty.post(place, headers=key, json={"backup_id": backup_id})
        listed = await hasty.get(place)
    last = await api.client.post(place, headers=key, json={"backup_id": backup_id})

    assert [first.status_code, again.status_code, last.status_code] == [202, 202, 202], again.text
    assert first.headers["location"] == again.headers["location"]
    assert (listed.json()["restores"], "nightkeep-read-lag" in listed.headers) == ([], True)
    assert last.json()["restore_id"] == first.headers["location"].rpartition("/")[2]
    assert [one["restore_id"] for one in (await api.client.get(place)).json()["restores"]] == [
        last.json()["restore_id"]
    ]


@pytest.mark.parametrize("what", ["policy", "environment"])
async def test_what_an_app_got_meanwhile_is_not_known_yet_to_its_administrator(
    api: Api, hasty: httpx.AsyncClient, what: str
) -> None:
    app, user = await api.new_app(), await new_user(api)
    place = f"/api/v1/apps/{app['app_id']}"
    await give(api, place.removeprefix("/api/v1"), user, Scope.READ, Scope.ADMIN)
    auth = {"Authorization": f"Bearer {await let_in(api, user)}"}
    asked, table, where = {
        "policy": (("PUT", f"{place}/policy", {"policy": "classic"}), "read.policy_change", "policy-changes"),
        "environment": (("POST", f"{place}/environments", described()), "read.environment", "environments"),
    }[what]

    async with held_up(api, f"LOCK TABLE {table} IN SHARE MODE"):
        accepted = await hasty.request(asked[0], asked[1], json=asked[2])
        early = await hasty.get(accepted.headers["location"], headers=auth)
    late = await api.client.get(accepted.headers["location"], headers=auth)

    assert accepted.headers["location"].startswith(f"/api/v1/{where}/"), accepted.text
    assert (early.status_code, early.json()["errorCode"]) == (503, "NOT_KNOWN_YET"), early.text
    assert late.status_code == 200, late.text


async def test_a_shredding_that_lags_is_not_known_yet_instead_of_never_asked_for(
    api: Api, hasty: httpx.AsyncClient
) -> None:
    environment, _ = await api.backed_up()
    place = f"/api/v1/environments/{environment['environment_id']}/shredding"

    async with held_up(api, "LOCK TABLE read.environment IN SHARE MODE"):
        accepted = await hasty.post(place, json={"confirm_name": environment["name"]})
        early = await hasty.get(accepted.headers["location"])
    late = await api.client.get(place)

    assert (accepted.status_code, accepted.json()) == (202, {"accepted": True}), accepted.text
    assert (early.status_code, early.json()["errorCode"]) == (503, "NOT_KNOWN_YET"), early.text
    assert late.status_code == 200, late.text
