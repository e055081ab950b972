"""`nightkeep alert` and `webhook`: what a person should look at, and who is called about it."""

import json
from collections.abc import Iterator

import pytest

from services.cli.exits import Exit
from tests.integration.cli.conftest import Nightkeep
from tests.support.gateway import Api, Json
from tests.support.receiver import Receiver, open_receiver

MONDAY = "2026-03-09"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who wants to be told."""
    with open_receiver() as receiver:
        yield receiver


async def _missed(api: Api, environment: Json) -> Json:
    """The alert of a nightly run that was missed."""
    stream = f"snapshot/slot/{environment['environment_id']}.{MONDAY}"
    told: Json = {
        "slot_date": MONDAY,
        "state": "missed",
        "reason": "nobody was [there]",
        "backup_id": None,
        "tries": [],
    }
    await api.tell(api.history(environment).record(stream, "SlotEnded", **told))
    place = f"/api/v1/alerts?environment_id={environment['environment_id']}"
    return (await api.eventually_many(place, "alerts", 1))[0]


async def test_alerts_are_listed_for_people_and_for_scripts(api: Api, nightkeep: Nightkeep) -> None:
    environment = await api.ready_environment()
    alert = await _missed(api, environment)
    name = f"{environment['app_slug']}/production"

    shown, told = (nightkeep("alert", "list", "-e", name, *more) for more in ([], ["--json"]))

    assert (shown.exit_code, told.exit_code) == (Exit.OK, Exit.OK), shown.output
    assert "slot missed" in shown.stdout
    assert "nobody was [there]" in " ".join(shown.stdout.split())
    assert [one["alert_id"] for one in json.loads(told.stdout)] == [alert["alert_id"]]


async def test_a_webhook_is_added_tested_looked_at_and_removed(nightkeep: Nightkeep, receiver: Receiver) -> None:
    added = nightkeep("webhook", "add", receiver.url, "--about", "backup", "--about", "restore")
    assert added.exit_code == Exit.OK, added.output
    assert "whsec_" in added.stdout
    listed = json.loads(nightkeep("webhook", "list", "--json").stdout)
    (webhook_id,) = [one["webhook_id"] for one in listed if one["url"] == receiver.url]
    assert "whsec_" not in nightkeep("webhook", "list").stdout
    assert webhook_id in nightkeep("webhook", "list").stdout
    assert "backup, restore" in nightkeep("webhook", "list").stdout

    receiver.will_answer(200, 500, said=b"what?")
    well, badly = nightkeep("webhook", "test", webhook_id), nightkeep("webhook", "test", webhook_id)

    assert (well.exit_code, badly.exit_code) == (Exit.OK, Exit.FAILED), badly.output
    assert "delivered" in well.stdout
    assert "500 what?" in badly.stdout
    sent = nightkeep("webhook", "deliveries", webhook_id)
    assert sent.stdout.index("failed") < sent.stdout.index("delivered")
    assert nightkeep("webhook", "remove", webhook_id, "--yes").exit_code == Exit.OK
    assert nightkeep("webhook", "deliveries", webhook_id).exit_code == Exit.NOT_FOUND


def test_an_address_that_cannot_be_called_is_wrong_usage(nightkeep: Nightkeep) -> None:
    for given in (["file:///etc/passwd"], ["http://ada:secret@example.org"], ["http://example.org", "--secret", "x"]):
        refused = nightkeep("webhook", "add", *given)

        assert refused.exit_code == Exit.USAGE, refused.output
        assert "ada:secret" not in refused.output


def test_a_webhook_that_is_not_there_is_not_found(nightkeep: Nightkeep) -> None:
    nobody = "00000000-0000-4000-8000-000000000000"

    assert nightkeep("webhook", "test", nobody).exit_code == Exit.NOT_FOUND
    assert nightkeep("webhook", "remove", nobody, "--yes").exit_code == Exit.NOT_FOUND
    assert nightkeep("webhook", "test", "nobody").exit_code == Exit.USAGE
