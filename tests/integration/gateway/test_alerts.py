"""Facts that a person should look at become alerts, once each, and alerts reach every webhook, signed."""

import base64
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.topics import Topic
from services.gateway.domain.rights import Scope
from tests.support.eventually import eventually
from tests.support.gateway import Api, Json
from tests.support.heard import calls_about, delivery_of, signature_of
from tests.support.receiver import Receiver, open_receiver

SUNDAY, FIRST_SUNDAY, MONDAY = "2026-03-08", "2026-03-01", "2026-03-09"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who wants to be told."""
    with open_receiver() as receiver:
        yield receiver


@pytest.fixture
async def webhook(api: Api, receiver: Receiver) -> AsyncIterator[Json]:
    """A webhook with a secret that was made for it; no other test hears of its alerts."""
    made = await api.client.post("/api/v1/webhooks", json={"url": receiver.url})
    assert made.status_code == 201, made.text
    yield made.json()
    await api.client.delete(f"/api/v1/webhooks/{made.json()['webhook_id']}")


async def _slot_ended(api: Api, environment: Json, slot_date: str, state: str, **more: object) -> None:
    stream = f"snapshot/slot/{environment['environment_id']}.{slot_date}"
    tries = [{"number": 1, "backup_id": str(uuid4()), "asked_at": "2026-03-08T19:00:00Z", "reason": "it was too dark"}]
    told = {
        "slot_date": slot_date,
        "state": state,
        "reason": "it was too dark",
        "backup_id": None,
        "tries": tries,
    } | more
    await api.tell(api.history(environment).record(stream, "SlotEnded", **told))


async def _alerts(api: Api, environment: Json, count: int) -> list[Json]:
    return await api.eventually_many(f"/api/v1/alerts?environment_id={environment['environment_id']}", "alerts", count)


async def test_a_missed_slot_is_an_alert_on_the_log_and_in_the_list(api: Api) -> None:
    environment = await api.ready_environment()

    await _slot_ended(api, environment, MONDAY, "missed")

    (alert,) = await _alerts(api, environment, 1)
    assert (alert["alert"], alert["app_id"]) == ("slot_missed", environment["app_id"])
    assert f"{environment['app_slug']}/production: the nightly backup of {MONDAY} was missed" in alert["message"]
    assert alert["subject"] == f"snapshot/slot/{environment['environment_id']}.{MONDAY}"
    assert (await _event(api, alert["alert_id"]))["message"] == alert["message"]


async def _event(api: Api, alert_id: str) -> Json:
    """The event that says it, as the gateway's relay has put it on the log."""

    async def look() -> Json | None:
        async with api.database.transaction() as c:
            row = await c.fetchrow(
                "SELECT body, published_at FROM gateway.event WHERE stream = $1", f"gateway/alert/{alert_id}"
            )
        return json.loads(row["body"]) if row and row["published_at"] else None

    found = await eventually(look)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("slot_date", "state", "kinds"),
    [
        (MONDAY, "failed", {"nightly_failed"}),
        (SUNDAY, "skipped", {"gap_in_tier"}),
        (SUNDAY, "failed", {"nightly_failed", "gap_in_tier"}),
        (FIRST_SUNDAY, "missed", {"slot_missed", "gap_in_tier"}),
    ],
)
async def test_a_slot_without_a_backup_raises_what_it_means(
    api: Api, slot_date: str, state: str, kinds: set[str]
) -> None:
    environment = await api.ready_environment()

    await _slot_ended(api, environment, slot_date, state)

    found = {one["alert"]: one["message"] for one in await _alerts(api, environment, len(kinds))}
    assert found.keys() == kinds
    if slot_date == FIRST_SUNDAY:
        assert "the weekly and the monthly tier" in found["gap_in_tier"]


async def test_slots_that_ended_well_or_were_skipped_on_a_weekday_raise_nothing(api: Api) -> None:
    environment = await api.ready_environment()
    await _slot_ended(api, environment, SUNDAY, "completed", backup_id=str(uuid4()))
    await _slot_ended(api, environment, MONDAY, "skipped")

    await _slot_ended(api, environment, "2026-03-10", "missed")

    (alert,) = await _alerts(api, environment, 1)
    assert alert["alert"] == "slot_missed"


def _held(api: Api, environment: Json, backup_id: str, times: int) -> Any:  # noqa: ANN401 -- records of the log
    history = api.history(environment)
    history.backup_id = UUID(backup_id)
    stream = f"catalog/foreign/{backup_id}"
    blockers = [{"kind": "last_good", "reason": "it is the newest good one"}]
    return [history.record(stream, "ExpiryHeld", blockers=blockers) for _ in range(times)]


async def test_the_guard_is_told_once_for_a_backup_however_often_it_holds(api: Api) -> None:
    environment, backup_id = await api.ready_environment(), str(uuid4())

    await api.tell(*_held(api, environment, backup_id, 3))
    await _slot_ended(api, environment, MONDAY, "missed")

    found = await _alerts(api, environment, 2)
    assert sorted(one["alert"] for one in found) == ["guard_active", "slot_missed"]


async def test_of_a_removed_environment_no_slot_is_missed_and_the_guard_is_told_as_what_it_is(api: Api) -> None:
    environment, backup_id = await api.ready_environment(), str(uuid4())
    removed = await api.client.delete(f"/api/v1/environments/{environment['environment_id']}")
    assert removed.status_code == 204, removed.text

    await _slot_ended(api, environment, SUNDAY, "skipped")
    await api.tell(*_held(api, environment, backup_id, 1))

    (alert,) = await _alerts(api, environment, 1)
    assert alert["alert"] == "guard_active"
    assert "since the environment was removed" in alert["message"]


async def test_a_sweep_that_stopped_says_how_it_is_approved(api: Api) -> None:
    environment, sweep_id = await api.ready_environment(), str(uuid4())
    history = api.history(environment)

    await api.tell(history.record(f"retention/sweep/{sweep_id}", "SweepStopped", sweep_id=sweep_id))

    (alert,) = await _alerts(api, environment, 1)
    assert alert["alert"] == "sweep_stopped"
    assert f"nightkeep sweep approve {environment['app_slug']}/production {sweep_id}" in alert["message"]


async def test_damaged_backups_are_an_alert_and_sound_ones_are_none(api: Api) -> None:
    environment = await api.ready_environment()
    history, checks = api.history(environment), f"retention/check/{environment['environment_id']}"

    await api.tell(history.record(checks, "RepositoryChecked", check_id=str(uuid4()), damage_count=0, damages=[]))
    await api.tell(history.record(checks, "RepositoryChecked", check_id=str(uuid4())))

    (alert,) = await _alerts(api, environment, 1)
    assert alert["alert"] == "backup_damaged"
    assert "public.orders" in alert["message"]


async def test_a_shredding_that_failed_is_an_alert(api: Api) -> None:
    environment, shred_id = await api.ready_environment(), str(uuid4())
    record = api.history(environment).record(f"retention/shredding/{shred_id}", "ShreddingFailed", shred_id=shred_id)
    await api.tell(record)
    (alert,) = await _alerts(api, environment, 1)
    assert alert["alert"] == "shredding_failed"
    assert f"nightkeep env shred {environment['app_slug']}/production" in alert["message"]


async def test_alerts_are_paged_newest_first(api: Api) -> None:
    environment = await api.ready_environment()
    for day in range(10, 15):
        await _slot_ended(api, environment, f"2026-03-{day}", "missed")
    all_of_them = await _alerts(api, environment, 5)

    seen = await api.every("/api/v1/alerts", "alerts", limit=2, environment_id=environment["environment_id"])

    assert seen == all_of_them
    assert [one["raised_at"] for one in seen] == sorted((one["raised_at"] for one in seen), reverse=True)


async def test_an_alert_reaches_its_receiver_signed_and_once(api: Api, webhook: Json, receiver: Receiver) -> None:
    environment = await api.ready_environment()

    await _slot_ended(api, environment, MONDAY, "missed")

    (call,) = await calls_about(receiver, environment, 1)
    (alert,) = await _alerts(api, environment, 1)
    told = json.loads(call.body)
    assert (told["type"], told["data"]) == ("alert.slot_missed", alert)
    assert call.message_id == alert["alert_id"]
    assert call.headers["webhook-signature"] == signature_of(webhook["signing_secret"], call)
    delivery = await delivery_of(api, webhook, call.message_id, "delivered")
    assert [(one["number"], one["status"], one["said"]) for one in delivery["tries"]] == [(1, 200, "thanks")]


async def test_a_receiver_that_fails_is_called_again_with_the_same_message(
    api: Api, webhook: Json, receiver: Receiver
) -> None:
    environment = await api.ready_environment()
    receiver.will_answer(500, 503, said=b"no \x1b[31mthanks")

    await _slot_ended(api, environment, MONDAY, "missed")

    calls = await calls_about(receiver, environment, 3)
    assert len({(call.message_id, call.body) for call in calls}) == 1
    assert all(call.headers["webhook-signature"] == signature_of(webhook["signing_secret"], call) for call in calls)
    delivery = await delivery_of(api, webhook, calls[0].message_id, "delivered")
    assert [one["status"] for one in delivery["tries"]] == [500, 503, 200]
    assert delivery["tries"][0]["said"] == "no [31mthanks"


async def test_an_event_that_comes_twice_is_delivered_once_to_each_receiver(
    api: Api, webhook: Json, receiver: Receiver
) -> None:
    environment, history = await api.ready_environment(), None
    with open_receiver() as other:
        second = (await api.client.post("/api/v1/webhooks", json={"url": other.url})).json()
        history = api.history(environment)
        stream = f"snapshot/slot/{environment['environment_id']}.{MONDAY}"
        record = history.record(stream, "SlotEnded", slot_date=MONDAY, state="missed", backup_id=None, tries=[])
        await api.producer.send_batch(Topic.EVENTS, [record, record])
        await _slot_ended(api, environment, "2026-03-10", "missed")

        for one in (receiver, other):
            calls = await calls_about(one, environment, 2)
            assert len({call.message_id for call in calls}) == len(calls) == 2
        await api.client.delete(f"/api/v1/webhooks/{second['webhook_id']}")
    assert webhook["webhook_id"] != second["webhook_id"]


async def test_a_redirect_is_not_followed(api: Api, webhook: Json, receiver: Receiver) -> None:
    with open_receiver() as elsewhere:
        receiver.will_answer(302, location=elsewhere.url)
        answer = await api.client.post(f"/api/v1/webhooks/{webhook['webhook_id']}/test")
        assert elsewhere.calls == []

    assert answer.status_code == 202, answer.text
    assert (answer.json()["state"], answer.json()["tries"][0]["status"]) == ("failed", 302)


async def test_a_test_call_tells_what_the_receiver_said(api: Api, webhook: Json, receiver: Receiver) -> None:
    place = f"/api/v1/webhooks/{webhook['webhook_id']}/test"
    receiver.will_answer(200, 400, said=b"x" * 100_000)

    well, badly = (await api.client.post(place)).json(), (await api.client.post(place)).json()

    assert (well["state"], well["type"], well["tries"][0]["said"]) == ("delivered", "test", "x" * 200)
    assert (badly["state"], badly["tries"][0]["status"]) == ("failed", 400)
    assert "400" in badly["reason"]
    assert len({call.message_id for call in receiver.calls if b'"test"' in call.body}) == 2


async def test_a_receiver_that_is_not_there_is_told_as_such(api: Api) -> None:
    with open_receiver() as gone:
        url = gone.url
    webhook = (await api.client.post("/api/v1/webhooks", json={"url": url})).json()

    tried = (await api.client.post(f"/api/v1/webhooks/{webhook['webhook_id']}/test")).json()

    await api.client.delete(f"/api/v1/webhooks/{webhook['webhook_id']}")
    assert (tried["state"], tried["tries"][0]["status"]) == ("failed", None)
    assert "no answer" in tried["reason"]


async def test_a_secret_made_here_is_shown_in_the_first_answer_only(
    api: Api, webhook: Json, receiver: Receiver
) -> None:
    listed = await api.client.get("/api/v1/webhooks")

    assert webhook["signing_secret"].startswith("whsec_")
    assert {"webhook_id": webhook["webhook_id"], "url": receiver.url, "secret": None}.items() <= next(
        one for one in listed.json()["webhooks"] if one["webhook_id"] == webhook["webhook_id"]
    ).items()
    assert webhook["signing_secret"] not in listed.text
    assert webhook["signing_secret"] not in (api.platform.directory / "gateway.log").read_text()


async def test_a_secret_may_be_named_instead(api: Api, receiver: Receiver) -> None:
    secret = "whsec_" + base64.b64encode(b"k" * 24).decode()
    reference = api.platform.put_secret("hook", secret)

    webhook = (await api.client.post("/api/v1/webhooks", json={"url": receiver.url, "secret": reference})).json()
    await api.client.post(f"/api/v1/webhooks/{webhook['webhook_id']}/test")

    await api.client.delete(f"/api/v1/webhooks/{webhook['webhook_id']}")
    assert (webhook["secret"], webhook["signing_secret"]) == (reference, None)
    (call,) = [one for one in receiver.calls if b'"test"' in one.body]
    assert call.headers["webhook-signature"] == signature_of(secret, call)


async def test_the_same_request_again_is_the_same_webhook(api: Api, receiver: Receiver) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    first = await api.client.post("/api/v1/webhooks", json={"url": receiver.url}, headers=key)

    again = await api.client.post("/api/v1/webhooks", json={"url": receiver.url}, headers=key)
    other = await api.client.post("/api/v1/webhooks", json={"url": f"{receiver.url}/2"}, headers=key)

    await api.client.delete(f"/api/v1/webhooks/{first.json()['webhook_id']}")
    assert again.json() == first.json()
    assert (other.status_code, other.json()["errorCode"]) == (409, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"url": "ftp://example.org/x"}, "INVALID_PARAMETERS", "url"),
        ({"url": "file:///etc/passwd"}, "INVALID_PARAMETERS", "url"),
        ({"url": "example.org"}, "INVALID_PARAMETERS", "url"),
        ({"url": "http://ada:secret@example.org/"}, "INVALID_PARAMETERS", "url"),
        ({"url": "http://example.org/", "secret": "open sesame"}, "LITERAL_SECRET", "secret"),
        ({"url": "http://example.org/", "secret": "secret:nowhere"}, "INVALID_PARAMETERS", "secret"),
        ({}, "INVALID_PARAMETERS", "url"),
    ],
)
async def test_a_webhook_that_cannot_be_called_is_refused(api: Api, body: Json, code: str, field: str) -> None:
    answer = await api.client.post("/api/v1/webhooks", json=body)

    assert (answer.status_code, answer.json()["errorCode"], answer.json()["field"]) == (400, code, field), answer.text
    assert "sesame" not in answer.text


async def test_a_named_secret_that_cannot_sign_is_refused_without_being_repeated(api: Api) -> None:
    reference = api.platform.put_secret("weak", "swordfish")

    answer = await api.client.post("/api/v1/webhooks", json={"url": "http://example.org/", "secret": reference})

    assert answer.status_code == 400
    assert "whsec_" in answer.json()["errorMessage"]
    assert "swordfish" not in answer.text


async def test_a_removed_webhook_is_called_no_more_and_not_found(api: Api, receiver: Receiver) -> None:
    webhook = (await api.client.post("/api/v1/webhooks", json={"url": receiver.url})).json()
    place = f"/api/v1/webhooks/{webhook['webhook_id']}"

    key = {"Idempotency-Key": str(uuid4())}
    assert (await api.client.delete(place, headers=key)).status_code == 204

    assert (await api.client.delete(place, headers=key)).status_code == 204
    assert (await api.client.delete(place)).status_code == 404
    assert (await api.client.post(f"{place}/test")).status_code == 404
    assert (await api.client.get(f"{place}/deliveries")).status_code == 404
    environment = await api.ready_environment()
    await _slot_ended(api, environment, MONDAY, "missed")
    await _alerts(api, environment, 1)
    assert not [call for call in receiver.calls if environment["environment_id"].encode() in call.body]


async def test_only_administrators_name_receivers_and_see_what_was_sent(api: Api, webhook: Json) -> None:
    others = [scope for scope in Scope if scope is not Scope.ADMIN]
    place = f"/api/v1/webhooks/{webhook['webhook_id']}"
    async with api.connect(await api.key_with(*others)) as unable:
        for method, path in (
            ("GET", "/api/v1/webhooks"),
            ("POST", "/api/v1/webhooks"),
            ("DELETE", place),
            ("POST", f"{place}/test"),
            ("GET", f"{place}/deliveries"),
        ):
            assert (await unable.request(method, path, json={})).status_code == 403, path
        assert (await unable.get("/api/v1/alerts")).status_code == 200
