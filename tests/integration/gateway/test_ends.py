"""Who wants to know that a backup, a restore or an upload has ended is called, signed, once for each."""

import json
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.support.gateway import Api, Json
from tests.support.heard import calls_about, delivery_of, signature_of
from tests.support.receiver import Receiver, open_receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who wants to be told."""
    with open_receiver() as receiver:
        yield receiver


@pytest.fixture
async def told_of_ends(api: Api, receiver: Receiver) -> AsyncIterator[Json]:
    """A webhook about backups and restores, and not about alerts."""
    asked = {"url": receiver.url, "about": ["restore", "backup", "restore"]}
    made = await api.client.post("/api/v1/webhooks", json=asked)
    assert made.status_code == 201, made.text
    yield made.json()
    await api.client.delete(f"/api/v1/webhooks/{made.json()['webhook_id']}")


async def test_who_wants_to_know_of_ends_is_told_of_each_once_and_of_nothing_else(
    api: Api, told_of_ends: Json, receiver: Receiver
) -> None:
    assert told_of_ends["about"] == ["backup", "restore"]
    environment = await api.ready_environment()
    history, where = api.history(environment), environment["environment_id"]
    missed: Json = {
        "slot_date": "2026-03-09",
        "state": "missed",
        "reason": "it was too dark",
        "backup_id": None,
        "tries": [],
    }
    await api.tell(history.record(f"snapshot/slot/{where}.2026-03-09", "SlotEnded", **missed))
    completed = history.record(f"snapshot/backup/{history.backup_id}", "BackupCompleted")
    failed = history.record(f"restore/restore/{history.restore_id}", "RestoreFailed")
    await api.tell(completed, completed, failed)

    calls = {json.loads(call.body)["type"]: call for call in await calls_about(receiver, environment, 2)}

    assert calls.keys() == {"backup.completed", "restore.failed"}
    assert calls["backup.completed"].headers["webhook-signature"] == signature_of(
        told_of_ends["signing_secret"], calls["backup.completed"]
    )
    told = json.loads(calls["backup.completed"].body)["data"]
    assert (told["backup_id"], told["environment_id"]) == (str(history.backup_id), where)
    assert (told["app_id"], "manifest_key" in told) == (environment["app_id"], False)
    why = json.loads(calls["restore.failed"].body)["data"]
    assert why["reason"]
    assert why["code"]
    await delivery_of(api, told_of_ends, calls["restore.failed"].message_id, "delivered")
    sent = await api.client.get(f"/api/v1/webhooks/{told_of_ends['webhook_id']}/deliveries")
    mine = [one for one in sent.json()["deliveries"] if one["message_id"] in {c.message_id for c in calls.values()}]
    assert len(mine) == len(calls)


async def test_a_webhook_about_nothing_or_about_what_nobody_knows_is_refused(api: Api, receiver: Receiver) -> None:
    for about in ([], ["weather"]):
        refused = await api.client.post("/api/v1/webhooks", json={"url": receiver.url, "about": about})
        assert (refused.status_code, refused.json()["field"].partition(".")[0]) == (400, "about"), refused.text
