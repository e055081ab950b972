"""What could not be decided is shown without its secrets, and sent again once the cause is gone."""

from uuid import UUID, uuid4

from contracts.codec import RawRecord
from contracts.topics import Topic
from tests.support.eventually import eventually
from tests.support.gateway import Api, Json


def _command(message_id: UUID, kind: str, data: bytes) -> RawRecord:
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(message_id),
        "ce_source": "urn:test",
        "ce_type": f"nightkeep.command.{kind}.v1",
        "ce_time": "2026-03-04T12:00:00Z",
        "content-type": "application/json",
    }
    return RawRecord(b"platform", data, tuple((name, value.encode()) for name, value in headers.items()))


async def _letter(api: Api, message_id: UUID) -> Json:
    async def look() -> Json | None:
        found = (await api.client.get("/api/v1/dead-letters")).json()["dead_letters"]
        return next((one for one in found if one["message_id"] == str(message_id)), None)

    letter = await eventually(look)
    assert letter is not None
    return letter


async def test_a_refused_record_is_listed_and_shown_with_its_reason_and_without_its_secret(api: Api) -> None:
    message_id, secret = uuid4(), f"hunter-{uuid4().hex}"
    data = f'{{"app_id": "{uuid4()}", "database": {{"password": "{secret}"}}}}'.encode()
    await api.producer.send(Topic.COMMANDS, _command(message_id, "RegisterEnvironment", data))

    letter = await _letter(api, message_id)
    shown = await api.client.get(f"/api/v1/dead-letters/{letter['dead_letter_id']}")

    assert shown.json() == letter
    assert letter["code"] in ("LITERAL_SECRET", "INVALID_PARAMETERS")
    assert letter["reason"]
    assert letter["topic"].endswith(".commands")
    assert secret not in shown.text


async def test_a_replay_has_a_new_id_and_repeated_the_same_one(api: Api) -> None:
    message_id = uuid4()
    await api.producer.send(Topic.COMMANDS, _command(message_id, "NoSuchCommand", b"{}"))
    letter = await _letter(api, message_id)
    place = f"/api/v1/dead-letters/{letter['dead_letter_id']}/replay"
    key = {"Idempotency-Key": str(uuid4())}

    first, second = [await api.client.post(place, headers=key) for _ in range(2)]

    assert first.status_code == 202, first.text
    assert first.json() == second.json()
    assert first.json()["message_id"] != str(message_id)
    again = await _letter(api, UUID(first.json()["message_id"]))
    assert again["code"] == "UNKNOWN_TYPE"
    other = await api.client.post(f"/api/v1/dead-letters/{again['dead_letter_id']}/replay", headers=key)
    assert (other.status_code, other.json()["errorCode"]) == (409, "IDEMPOTENCY_KEY_REUSED")


async def test_a_key_that_had_something_decided_replays_nothing(api: Api) -> None:
    message_id, key = uuid4(), {"Idempotency-Key": str(uuid4())}
    await api.producer.send(Topic.COMMANDS, _command(message_id, "NoSuchCommand", b"{}"))
    letter = await _letter(api, message_id)
    app = {"name": "Orders", "slug": f"app-{uuid4().hex[:8]}"}
    assert (await api.client.post("/api/v1/apps", json=app, headers=key)).status_code == 201
    for _ in range(2):
        refused = await api.client.post(f"/api/v1/dead-letters/{letter['dead_letter_id']}/replay", headers=key)
        assert (refused.status_code, refused.json().get("errorCode")) == (409, "IDEMPOTENCY_KEY_REUSED")


async def test_a_replay_that_was_decided_is_repeated_as_it_was(api: Api) -> None:
    message_id, app_id, key = uuid4(), str(uuid4()), {"Idempotency-Key": str(uuid4())}
    slug = f"app-{app_id[:8]}"
    refused = _command(message_id, "RegisterApp", f'{{"app_id": "{app_id}", "name": "A", "slug": "{slug}"}}'.encode())
    others = {"ce_correlationid": str(message_id), "ce_actor": "user:karla", "nightkeep_topic": "commands"}
    others |= {"nightkeep_partition": "0", "nightkeep_offset": "0", "nightkeep_code": "UNKNOWN_TYPE"}
    others |= {"nightkeep_reason": "the catalog was older", "nightkeep_refused_by": "catalog"}
    told = tuple((name, text.encode()) for name, text in others.items())
    kept = RawRecord(app_id.encode(), refused.value, (*refused.headers, *told))
    await api.producer.send(Topic.DEAD_LETTERS, kept)
    place = f"/api/v1/dead-letters/{(await _letter(api, message_id))['dead_letter_id']}/replay"
    first = await api.client.post(place, headers=key)

    async def is_registered() -> bool:
        return bool((await api.client.get("/api/v1/apps", params={"name": slug})).json()["apps"])

    assert await eventually(is_registered)
    again = await api.client.post(place, headers=key)
    assert (first.status_code, again.status_code, again.json()) == (202, 202, first.json())
