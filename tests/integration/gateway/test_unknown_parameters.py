"""Query parameters that nobody knows are refused: a misspelt `dry_run` never acts. Scripts send what they like."""

from typing import Final
from uuid import uuid4

import httpx
import pytest

from tests.support.gateway import Api

MISSPELT: Final = ("dryrun", "dryRun", "DRY_RUN", "dry-run")


def _told(answer: httpx.Response) -> tuple[int, str, str | None]:
    told = answer.json()
    return answer.status_code, told["errorCode"], told.get("field")


async def test_a_misspelt_dry_run_restores_nothing(api: Api) -> None:
    environment, backup = await api.backed_up()
    backup_id = backup["backup_id"]
    place = f"/api/v1/environments/{environment['environment_id']}/restores"

    for name in MISSPELT:
        refused = await api.client.post(place, params={name: "true"}, json={"backup_id": backup_id})
        assert _told(refused) == (400, "INVALID_PARAMETERS", name), refused.text
        assert "dry_run, wait_seconds" in refused.json()["errorMessage"]

    assert (await api.client.get(place)).json()["restores"] == []


async def test_what_no_call_knows_is_refused_by_its_name_whatever_the_call(api: Api) -> None:
    environment, backup = await api.backed_up()
    backup_id = backup["backup_id"]
    place = f"/api/v1/environments/{environment['environment_id']}"
    asked = [
        ("POST", f"{place}/uploads?dry_run=true", "dry_run"),
        ("POST", f"{place}/backups?coment=x", "coment"),
        ("DELETE", f"/api/v1/backups/{backup_id}?confirm_last=true&dry_run=true", "dry_run"),
        ("GET", f"{place}/backups?limit=3&ofset=1", "ofset"),
        ("GET", f"/api/v1/audit?environment_id={environment['environment_id']}&sinse=x", "sinse"),
        ("GET", "/api/v1/apps?nme=shop", "nme"),
        ("GET", f"/api/v1/backups/{uuid4()}/progress?from=1", "from"),
    ]

    for method, path, name in asked:
        answer = await api.client.request(method, path)
        assert _told(answer) == (400, "INVALID_PARAMETERS", name), f"{method} {path}: {answer.text}"

    assert (await api.client.get(f"/api/v1/audit?environment_id={environment['environment_id']}&limit=2")).is_success
    assert len((await api.client.get(f"{place}/backups?limit=3")).json()["backups"]) == 1


async def test_who_says_two_things_at_once_is_asked_which_one_holds(api: Api) -> None:
    environment, backup = await api.backed_up()
    backup_id = backup["backup_id"]
    place = f"/api/v1/environments/{environment['environment_id']}"
    asked = [
        ("POST", f"{place}/restores?dry_run=true&dry_run=false", "dry_run"),
        ("POST", f"{place}/restores?dry_run=true&wait_seconds=0&dry_run=true", "dry_run"),
        ("GET", f"{place}/backups?limit=3&limit=1", "limit"),
    ]

    for method, path, name in asked:
        answer = await api.client.request(method, path, json={"backup_id": backup_id} if method == "POST" else None)
        assert _told(answer) == (400, "INVALID_PARAMETERS", name), f"{method} {path}: {answer.text}"
        assert "more than once" in answer.json()["errorMessage"]

    several = f"/api/v1/audit?environment_id={environment['environment_id']}&what=BackupRequested&what=BackupCompleted"
    assert (await api.client.get(several)).is_success

    assert (await api.client.get(f"{place}/restores")).json()["restores"] == []


@pytest.mark.parametrize("name", ["dry_run", *MISSPELT])
async def test_a_script_that_wants_a_dry_run_is_told_where_there_is_one(api: Api, name: str) -> None:
    environment, backup = await api.backed_up()
    backup_id = backup["backup_id"]
    place = f"/api/v2/apps/{environment['app_id']}/environments/{environment['environment_id']}"
    asked = [
        ("POST", f"{place}/restores?source_snapshot_id={backup_id}&{name}=true"),
        ("POST", f"{place}/restores?source_snapshot_id={backup_id}&{name}"),
        ("POST", f"{place}/snapshots?{name}=yes"),
        ("DELETE", f"{place}/snapshots/{backup_id}?confirm_last=true&{name}=1"),
        ("PUT", f"{place}/snapshots/{backup_id}?{name}=false&{name}=true"),
    ]

    for method, path in asked:
        answer = await api.client.request(method, path, json={"comment": "changed"})
        assert _told(answer) == (400, "INVALID_PARAMETERS", name), f"{method} {path}: {answer.text}"
        assert "nothing was done" in answer.json()["errorMessage"]
        assert "POST /api/v1/environments/{environment_id}/restores?dry_run=true" in answer.json()["errorMessage"]

    (snapshot,) = (await api.client.get(f"{place}/snapshots?{name}=true")).json()["snapshots"]
    assert (snapshot["snapshot_id"], snapshot["comment"]) == (backup_id, "")
    restores = await api.client.get(f"/api/v1/environments/{environment['environment_id']}/restores")
    assert restores.json()["restores"] == []


async def test_a_script_that_says_no_dry_run_or_something_else_is_served(api: Api) -> None:
    environment, backup = await api.backed_up()
    backup_id = backup["backup_id"]
    place = f"/api/v2/apps/{environment['app_id']}/environments/{environment['environment_id']}"

    for query in ("dry_run=False", "dryRun=0", "verbose=true&cache=no"):
        assert (await api.client.put(f"{place}/snapshots/{backup_id}?{query}", json={"comment": query})).is_success
    restored = await api.client.post(f"{place}/restores?source_snapshot_id={backup_id}&dry_run=false")

    assert restored.status_code == 200, restored.text
