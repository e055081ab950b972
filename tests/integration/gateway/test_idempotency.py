"""A request repeated under its key has one effect and one answer; what is not known is never told as failed."""

import asyncio
import signal
from uuid import uuid4

import httpx
import pytest

from tests.support.eventually import eventually
from tests.support.gateway import Api, Json


def _place(environment: Json) -> str:
    return f"/api/v1/environments/{environment['environment_id']}/backups"


def _snapshots(environment: Json) -> str:
    return f"/api/v2/apps/{environment['app_id']}/environments/{environment['environment_id']}/snapshots"


async def _count(api: Api, environment: Json) -> int:
    return len((await api.client.get(_place(environment))).json()["backups"])


async def test_a_repeated_request_is_the_same_backup(api: Api) -> None:
    environment = await api.ready_environment()
    key = {"Idempotency-Key": f"nightly of {uuid4()}"}

    first, second = [await api.client.post(_place(environment), headers=key, json={"comment": "x"}) for _ in range(2)]

    assert first.status_code == second.status_code == 202
    assert first.json() == second.json()
    assert second.headers["idempotency-key"] == key["Idempotency-Key"]
    assert await _count(api, environment) == 1


async def test_the_same_request_many_times_at_once_is_the_same_backup(api: Api) -> None:
    environment = await api.ready_environment()
    key = {"Idempotency-Key": str(uuid4())}

    answers = await asyncio.gather(*(api.client.post(_place(environment), headers=key) for _ in range(10)))

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["backup_id"] for answer in answers}) == 1
    assert await _count(api, environment) == 1


async def test_without_a_key_each_request_is_one_of_its_own_and_the_key_is_told(api: Api) -> None:
    environment = await api.ready_environment()

    first, second = [await api.client.post(_place(environment)) for _ in range(2)]

    assert first.headers["idempotency-key"] != second.headers["idempotency-key"]
    assert await _count(api, environment) == 2


async def test_a_refusal_is_repeated_too(api: Api) -> None:
    environment = await api.new_environment(await api.new_app(), passed=False)
    key = {"Idempotency-Key": str(uuid4())}
    first = await api.client.post(_place(environment), headers=key)
    await api.tell(*api.checked(environment))
    await api.eventually_environment(environment, "ever_passed", True)  # noqa: FBT003 -- a value

    second = await api.client.post(_place(environment), headers=key)

    assert first.status_code == second.status_code == 409
    assert first.json() == second.json()


@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_what_was_accepted_stays_accepted_after_the_backup_has_gone(api: Api, version: str) -> None:
    environment = await api.ready_environment()
    asked, commented, deleted = [{"Idempotency-Key": str(uuid4())} for _ in range(3)]
    backup = (await api.client.post(_place(environment), headers=asked)).json()
    await api.completed(environment, backup)
    await api.eventually(f"/api/v1/backups/{backup['backup_id']}", "state", "completed")
    place, comment = f"/api/v1/backups/{backup['backup_id']}", f"/api/v1/backups/{backup['backup_id']}/comment"
    if version == "v2":
        place = f"{_snapshots(environment)}/{backup['backup_id']}"
        comment = place

    async def told(*keys: dict[str, str]) -> list[int]:
        put = await api.client.put(comment, headers=keys[0], json={"comment": "x"})
        gone = await api.client.delete(place, headers=keys[1], params={"confirm_last": "true"})
        return [put.status_code, gone.status_code]

    assert [await told(commented, deleted), await told(commented, deleted)] == [[200, 204]] * 2
    assert await told({}, {}) == [404, 404]
    assert (await api.client.post(_place(environment), headers=asked)).json()["state"] == "deleting"


async def test_what_was_accepted_stays_accepted_after_its_environment_was_removed(api: Api) -> None:
    environment = await api.ready_environment()
    key, place = {"Idempotency-Key": str(uuid4())}, f"/api/v1/environments/{environment['environment_id']}"
    first = await api.client.patch(place, headers=key, json={"name": "elsewhere"})
    assert (await api.client.delete(place)).status_code == 204

    again = await api.client.patch(place, headers=key, json={"name": "elsewhere"})

    assert (first.status_code, again.status_code, again.json()["name"]) == (200, 200, "elsewhere")
    assert (await api.client.patch(place, json={"name": "elsewhere"})).status_code == 404


async def test_a_key_of_another_request_is_refused_and_nothing_is_done(api: Api) -> None:
    environment = await api.ready_environment()
    key = {"Idempotency-Key": str(uuid4())}
    await api.client.post(_place(environment), headers=key, json={"comment": "one"})

    answer = await api.client.post(_place(environment), headers=key, json={"comment": "another"})

    assert (answer.status_code, answer.json()["errorCode"]) == (409, "IDEMPOTENCY_KEY_REUSED")
    assert [one["comment"] for one in (await api.client.get(_place(environment))).json()["backups"]] == ["one"]


async def test_a_key_that_is_none_is_refused_by_name(api: Api) -> None:
    environment = await api.ready_environment()

    answer = await api.client.post(_place(environment), headers={"Idempotency-Key": "x" * 256})

    assert (answer.status_code, answer.json()["field"]) == (400, "Idempotency-Key")


async def test_while_nobody_decides_it_is_not_known_and_the_repeat_gets_the_one_answer(api: Api) -> None:
    environment = await api.ready_environment()
    catalog = api.platform.services["catalog"]
    catalog.process.send_signal(signal.SIGSTOP)
    try:
        unknown = await api.client.post(_place(environment), json={"comment": "patience"})
    finally:
        catalog.process.send_signal(signal.SIGCONT)
    assert (unknown.status_code, unknown.json()["errorCode"]) == (503, "NOT_KNOWN_YET")
    assert int(unknown.headers["retry-after"]) >= 1

    key = {"Idempotency-Key": unknown.headers["idempotency-key"]}

    async def repeat() -> httpx.Response | None:
        answer = await api.client.post(_place(environment), headers=key, json={"comment": "patience"})
        return answer if answer.status_code != 503 else None

    known = await eventually(repeat)
    assert known is not None
    assert known.status_code == 202, known.text
    assert [one["comment"] for one in (await api.client.get(_place(environment))).json()["backups"]] == ["patience"]
