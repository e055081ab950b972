"""Over HTTP: how long a backup is kept and why, what holds it, deletion by hand, nightly runs and stopped sweeps."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx

from services.gateway.domain.rights import Scope
from tests.support.gateway import Api, Json


async def _completed(api: Api, environment: Json) -> Json:
    answer = await api.client.post(f"/api/v1/environments/{environment['environment_id']}/backups")
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
    backup: Json = answer.json()
    await api.completed(environment, backup)
    return backup


async def test_the_expiry_that_is_shown_is_the_one_that_is_stamped(api: Api) -> None:
    environment = await api.ready_environment()
    place = f"/api/v1/environments/{environment['environment_id']}/backups"

    before = (await api.client.get(f"{place}/preview")).json()
    made = (await api.client.post(place)).json()
    after = (await api.client.get(f"{place}/preview")).json()

    assert before["created_at"] <= made["created_at"] <= after["created_at"]
    assert before["expires_at"] <= made["expires_at"] <= after["expires_at"]
    for same in ("tiers", "policy", "policy_version", "rule_version"):
        assert made[same] in (before[same], after[same])
    assert [one["window"] for one in made["windows"]] == made["tiers"]
    assert (await api.client.get(place)).json()["backups"] == [made]


async def test_a_backup_is_deleted_and_gone_but_explained_for_ever(api: Api) -> None:
    environment = await api.ready_environment()
    backup, _ = await _completed(api, environment), await _completed(api, environment)
    place = f"/api/v1/backups/{backup['backup_id']}"
    key = {"Idempotency-Key": str(uuid4())}

    deleted = await api.client.delete(place, headers=key)

    assert (deleted.status_code, deleted.content) == (204, b""), deleted.text
    assert (await api.client.delete(place, headers=key)).status_code == 204
    assert (await api.client.get(place)).status_code == 404
    assert (await api.client.delete(place)).status_code == 404
    told = (await api.client.get(f"{place}/explain")).json()
    assert (told["ending"]["why"], told["ending"]["by"]) == ("deleted", "ada")
    assert told["state"] == "deleting"
    assert "ada deleted it" in told["sentences"][-1]


async def test_a_backup_is_deleted_so_that_nothing_of_it_stays(api: Api) -> None:
    environment = await api.ready_environment()
    backup, _ = await _completed(api, environment), await _completed(api, environment)
    place = f"/api/v1/backups/{backup['backup_id']}"
    assert (await api.client.delete(f"{place}?erase=true")).status_code == 204
    told = (await api.client.get(f"{place}/explain")).json()
    assert "Nothing of it was to stay" in told["sentences"][-2]
    assert (told["ending"]["erasure"]["asked_by"], told["ending"]["erasure"]["done_at"]) == ("ada", None)


async def test_a_deleted_backup_is_erased_afterwards_by_whoever_may_delete(api: Api) -> None:
    environment = await api.ready_environment()
    backup, _ = await _completed(api, environment), await _completed(api, environment)
    place = f"/api/v1/backups/{backup['backup_id']}"
    assert (await api.client.delete(place)).status_code == 204
    assert (await api.client.delete(place)).status_code == 404
    assert (await api.client.delete(f"{place}?erase=true")).status_code == 204
    assert (await api.client.delete(f"{place}?erase=true")).status_code == 404
    told = (await api.client.get(f"{place}/explain")).json()
    assert told["ending"]["erasure"]["asked_by"] == "ada"
    audited = (await api.client.get("/api/v1/audit", params={"backup_id": backup["backup_id"]})).json()["entries"]
    assert "BackupErasureRequested" in [one["what"] for one in audited]


async def test_the_last_good_backup_goes_only_when_that_was_said(api: Api) -> None:
    environment = await api.ready_environment()
    place = f"/api/v1/backups/{(await _completed(api, environment))['backup_id']}"

    refused = await api.client.delete(place)
    deleted = await api.client.delete(place, params={"confirm_last": "true"})

    told = refused.json()
    assert (refused.status_code, told["errorCode"], told["field"]) == (409, "ERROR_NOT_ALLOWED", "confirm_last")
    assert "last" in told["errorMessage"]
    assert deleted.status_code == 204


async def test_what_holds_a_backup_is_named_when_it_is_to_be_deleted(api: Api) -> None:
    environment = await api.ready_environment()
    backup, _ = await _completed(api, environment), await _completed(api, environment)
    place = f"/api/v1/backups/{backup['backup_id']}"
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()

    leased = await api.client.post(f"{place}/leases", json={"holder": "a copy to Oslo", "until": until})
    refused = await api.client.delete(place)
    (lease,) = leased.json()["leases"]
    released = await api.client.delete(f"{place}/leases/{lease['lease_id']}")

    assert (leased.status_code, lease["holder"]) == (201, "a copy to Oslo"), leased.text
    assert refused.status_code == 409
    assert "a copy to Oslo" in refused.json()["errorMessage"]
    assert released.json()["leases"] == []
    assert (await api.client.delete(place)).status_code == 204


async def test_a_lease_is_extended_under_its_id(api: Api) -> None:
    environment = await api.ready_environment()
    place = f"/api/v1/backups/{(await _completed(api, environment))['backup_id']}/leases"
    body = {"holder": "a download", "lease_id": str(uuid4())}
    soon, later = ((datetime.now(UTC) + timedelta(hours=hours)).isoformat() for hours in (1, 8))

    await api.client.post(place, json=body | {"until": soon})
    extended = (await api.client.post(place, json=body | {"until": later})).json()
    over = await api.client.post(place, json=body | {"until": "2020-01-01T00:00:00Z"})
    in_days = (datetime.now(UTC) + timedelta(hours=24, minutes=5)).isoformat()
    too_long = await api.client.post(place, json=body | {"until": in_days})

    (lease,) = extended["leases"]
    assert datetime.fromisoformat(lease["until"]) == datetime.fromisoformat(later)
    assert (over.status_code, over.json()["field"]) == (400, "until")
    assert (too_long.status_code, too_long.json()["field"]) == (400, "until")
    assert "a lease lasts 24 hours at most" in too_long.json()["errorMessage"]
    assert "send it again before its end" in too_long.json()["errorMessage"]


async def test_a_living_backup_is_explained_with_its_windows_and_holds(api: Api) -> None:
    environment = await api.ready_environment()
    backup = await _completed(api, environment)
    place = f"/api/v1/backups/{backup['backup_id']}"
    await api.client.put(f"{place}/pin", json={"reason": "the audit"})

    told = (await api.client.get(f"{place}/explain")).json()

    (judgement,) = told["judgements"]
    assert (judgement["because"], judgement["tiers"]) == ("accepted", backup["tiers"])
    assert judgement["expires_at"] == backup["expires_at"]
    assert [hold["kind"] for hold in told["holds"]] == ["pin"]
    assert any("the audit" in sentence for sentence in told["sentences"])


async def test_nobody_explains_what_never_was(api: Api) -> None:
    answer = await api.client.get(f"/api/v1/backups/{uuid4()}/explain")

    assert (answer.status_code, answer.json()["errorCode"]) == (404, "NOT_FOUND")


async def test_deleting_is_a_right_of_its_own(api: Api) -> None:
    environment = await api.ready_environment()
    backup, _ = await _completed(api, environment), await _completed(api, environment)
    place = f"/api/v1/backups/{backup['backup_id']}"
    others = [scope for scope in Scope if scope is not Scope.DELETE]

    async with (
        api.connect(await api.key_with(*others)) as unable,
        api.connect(await api.key_with(Scope.DELETE)) as able,
    ):
        refused, deleted = await unable.delete(place), await able.delete(place)

    assert (refused.status_code, deleted.is_success) == (403, True), deleted.text


async def _slots(api: Api, environment: Json, *days: int) -> None:
    """Nightly runs on these days of March; all but the newest have ended."""
    history, place = api.history(environment), f"snapshot/slot/{environment['environment_id']}"
    for day in days:
        slot_date = f"2026-03-{day:02d}"
        records = [history.record(f"{place}.{slot_date}", "SlotPlanned", slot_date=slot_date)]
        if day != days[-1]:
            records.append(history.record(f"{place}.{slot_date}", "SlotEnded", slot_date=slot_date))
        await api.tell(*records)


async def test_nightly_runs_are_paged_newest_first_with_the_planned_one(api: Api) -> None:
    environment = await api.ready_environment()
    place = f"/api/v1/environments/{environment['environment_id']}/slots"
    await _slots(api, environment, 9, 10, 11, 12)
    await api.eventually_many(place, "slots", 4)

    first = (await api.client.get(place, params={"limit": "3"})).json()
    second = (await api.client.get(place, params={"limit": "3", "after": first["next"]})).json()

    assert [one["slot_date"][-2:] for one in first["slots"] + second["slots"]] == ["12", "11", "10", "09"]
    assert first["slots"][0]["state"] == "planned"
    assert (first["slots"][1]["state"], first["slots"][1]["tries"] != []) == ("completed", True)
    assert second["next"] is None


async def test_a_place_in_the_list_of_slots_that_is_none_of_ours_is_refused(api: Api) -> None:
    environment = await api.ready_environment()
    place = f"/api/v1/environments/{environment['environment_id']}/slots"

    answer = await api.client.get(place, params={"after": "bm90aGluZw=="})

    assert (answer.status_code, answer.json()["field"]) == (400, "after")


async def test_a_stopped_sweep_is_seen_and_approved_by_an_administrator(api: Api) -> None:
    environment, sweep_id = await api.ready_environment(), str(uuid4())
    place = f"/api/v1/environments/{environment['environment_id']}/sweeps"
    record = api.history(environment).record(f"retention/sweep/{sweep_id}", "SweepStopped", sweep_id=sweep_id)
    await api.tell(record)
    await api.eventually_sweep(environment, sweep_id)

    other = await api.client.post(f"{place}/{uuid4()}/approve")
    approved = await api.client.post(f"{place}/{sweep_id}/approve")

    assert (other.status_code, other.json()["errorCode"]) == (409, "INVALID_STATE")
    assert sweep_id in other.json()["errorMessage"]
    assert (approved.status_code, approved.json()["stopped_sweep"]) == (200, None), approved.text
