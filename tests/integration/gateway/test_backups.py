"""Backups and restores over HTTP, as the Backups page and scripts see them."""

import asyncio
import json
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from tests.support.databases import execute
from tests.support.eventually import eventually
from tests.support.gateway import Api, Json


async def _backup(api: Api, environment: Json, comment: str = "") -> Json:
    answer = await api.client.post(
        f"/api/v1/environments/{environment['environment_id']}/backups", json={"comment": comment}
    )
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


async def test_a_new_backup_knows_its_expiry_at_once(api: Api) -> None:
    environment = await api.ready_environment()

    backup = await _backup(api, environment, "before the release")

    assert (backup["state"], backup["kind"], backup["comment"]) == ("queued", "on_demand", "before the release")
    kept = datetime.fromisoformat(backup["expires_at"]) - datetime.fromisoformat(backup["created_at"])
    assert kept >= timedelta(days=14)
    assert "daily" in backup["tiers"]


async def test_backups_are_listed_newest_first_and_paging_stays_right_while_some_are_added(api: Api) -> None:
    environment = await api.ready_environment()
    place = f"/api/v1/environments/{environment['environment_id']}/backups"
    comments = [f"backup {number}" for number in range(5)]
    for comment in comments:
        await _backup(api, environment, comment)

    first = (await api.client.get(place, params={"limit": 2})).json()
    await _backup(api, environment, "added meanwhile")
    rest = (await api.client.get(place, params={"limit": 10, "after": first["next"]})).json()

    seen = [one["comment"] for one in first["backups"] + rest["backups"]]
    assert seen == comments[::-1]
    assert rest["next"] is None


async def test_a_completed_backup_shows_what_it_holds(api: Api) -> None:
    environment = await api.ready_environment()
    backup = await _backup(api, environment)
    await api.completed(environment, backup)

    shown = (await api.client.get(f"/api/v1/backups/{backup['backup_id']}")).json()

    assert shown["database"]["tables"] > 0
    assert shown["files"]["count"] > 0
    assert shown["manifest_key"]
    assert shown["started_at"] <= shown["finished_at"]


async def test_a_comment_is_replaced_and_a_pin_is_put_and_taken_back(api: Api) -> None:
    environment = await api.ready_environment()
    place = f"/api/v1/backups/{(await _backup(api, environment, 'old'))['backup_id']}"

    commented = (await api.client.put(f"{place}/comment", json={"comment": "new"})).json()
    pinned = (await api.client.put(f"{place}/pin", json={"reason": "audit"})).json()
    free = (await api.client.delete(f"{place}/pin")).json()

    assert commented["comment"] == "new"
    assert (pinned["pinned"], pinned["pinned_reason"]) == (True, "audit")
    assert (free["pinned"], free["pinned_reason"]) == (False, None)
    assert free["expires_at"] == commented["expires_at"]


async def test_a_cancelled_backup_says_that_it_is_being_cancelled(api: Api) -> None:
    environment = await api.ready_environment()
    backup = await _backup(api, environment)

    answer = await api.client.post(f"/api/v1/backups/{backup['backup_id']}/cancel")

    assert answer.status_code == 202
    assert "cancel" in answer.json()["status_message"].lower()


async def test_a_restore_is_asked_for_shown_and_listed(api: Api) -> None:
    environment = await api.ready_environment()
    backup = await _backup(api, environment)
    await api.completed(environment, backup)
    place = f"/api/v1/environments/{environment['environment_id']}/restores"

    asked = await api.client.post(place, json={"backup_id": backup["backup_id"], "database_only": True})

    assert asked.status_code == 202, asked.text
    restore = asked.json()
    assert (restore["state"], restore["database_only"], restore["backup_id"]) == ("queued", True, backup["backup_id"])
    assert (await api.client.get(f"/api/v1/restores/{restore['restore_id']}")).json() == restore
    assert (await api.client.get(place)).json()["restores"] == [restore]


@pytest.mark.parametrize("address", ["preflights?wait_seconds=0", "restores?dry_run=true&wait_seconds=0"])
async def test_a_preflight_is_asked_for_and_its_findings_are_shown(api: Api, address: str) -> None:
    environment = await api.ready_environment()
    backup = await _backup(api, environment)
    await api.completed(environment, backup)

    asked = await api.client.post(
        f"/api/v1/environments/{environment['environment_id']}/{address}", json={"backup_id": backup["backup_id"]}
    )

    assert (asked.status_code, asked.json()["state"]) == (202, "running"), asked.text
    early = asked.json()["facts"]
    assert (early["run_state"], early["database_free_bytes"]) == ("stopped", None)
    restores = await api.client.get(f"/api/v1/environments/{environment['environment_id']}/restores")
    assert restores.json()["restores"] == []
    place = f"/api/v1/preflights/{asked.json()['preflight_id']}"
    history = api.history(environment)
    stream = f"restore/preflight/{asked.json()['preflight_id']}"
    told = history.record(stream, "PreflightCompleted", preflight_id=asked.json()["preflight_id"], passed=True)
    await api.tell(told)
    done = await api.eventually(place, "state", "passed")
    assert done["findings"]
    assert done["facts"] == json.loads(told.value or b"")["facts"]


async def test_a_preflight_is_cancelled_once_and_the_answer_waits_for_its_end(api: Api) -> None:
    environment = await api.ready_environment()
    backup = await _backup(api, environment)
    await api.completed(environment, backup)
    at = f"/api/v1/environments/{environment['environment_id']}/preflights"
    asked = (await api.client.post(at, params={"wait_seconds": 0}, json={"backup_id": backup["backup_id"]})).json()
    place, key = f"/api/v1/preflights/{asked['preflight_id']}", {"Idempotency-Key": str(uuid4())}

    first, second = [
        await api.client.post(f"{place}/cancel", params={"wait_seconds": 0}, headers=key) for _ in range(2)
    ]
    other = await api.client.post(f"{place}/cancel")

    assert (first.status_code, first.json()["state"], second.json()) == (202, "running", first.json()), first.text
    assert (other.status_code, other.json()["errorMessage"]) == (409, "this preflight is being cancelled already")
    waiting = asyncio.ensure_future(api.client.post(f"{place}/cancel", params={"wait_seconds": 20}, headers=key))
    found = {"code": "CANCELLED", "severity": "error", "subject": "", "message": "cancelled by user:ada"}
    ids = {"preflight_id": asked["preflight_id"], "passed": False, "findings": [found]}
    stream = f"restore/preflight/{asked['preflight_id']}"
    await api.tell(api.history(environment).record(stream, "PreflightCompleted", **ids))
    ended = (await waiting).json()
    assert (ended["state"], ended["findings"]) == ("failed", [found])
    again = await api.client.post(f"{place}/cancel", headers=key)
    assert (again.status_code, again.json()) == (202, ended)
    late = await api.client.post(f"{place}/cancel")
    assert (late.status_code, late.json()["errorCode"]) == (409, "ERROR_NOT_ALLOWED")
    assert late.json()["errorMessage"] == "this preflight has failed: there is nothing to cancel"


async def test_a_preflight_whose_end_the_catalog_never_kept_is_not_cancelled(api: Api) -> None:
    """An earlier release kept no states of preflights."""
    environment = await api.ready_environment()
    backup = await _backup(api, environment)
    await api.completed(environment, backup)
    at = f"/api/v1/environments/{environment['environment_id']}/preflights"
    asked = (await api.client.post(at, params={"wait_seconds": 0}, json={"backup_id": backup["backup_id"]})).json()
    stream, ids = f"restore/preflight/{asked['preflight_id']}", {"preflight_id": asked["preflight_id"], "passed": True}
    await api.tell(api.history(environment).record(stream, "PreflightCompleted", **ids))
    place = f"/api/v1/preflights/{asked['preflight_id']}"
    await api.eventually(place, "state", "passed")

    async def as_before() -> bool:
        kept = f"kind = 'preflight' AND id = '{asked['preflight_id']}' AND state ->> 'state' = 'passed'"
        change = f"UPDATE catalog.aggregate SET state = state - 'state' WHERE {kept} RETURNING id"  # noqa: S608 -- ours
        return bool(execute(api.platform.database("catalog"), change))

    assert await eventually(as_before)

    late = await api.client.post(f"{place}/cancel")

    told = (late.status_code, late.json().get("errorCode"), late.json().get("errorMessage"))
    assert told == (409, "ERROR_NOT_ALLOWED", "this preflight has passed: there is nothing to cancel")
