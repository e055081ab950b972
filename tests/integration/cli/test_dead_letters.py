"""`nightkeep dead-letter`: what no command could be made of is listed, shown without its secret, and sent again."""

import json
from uuid import uuid4

from contracts.codec import RawRecord
from contracts.topics import Topic
from services.cli.exits import Exit
from tests.integration.cli.conftest import Nightkeep
from tests.support.eventually import eventually
from tests.support.gateway import Api, Json
from tests.support.script import command_headers


async def test_a_refused_record_is_listed_shown_without_its_secret_and_sent_again(
    api: Api, nightkeep: Nightkeep
) -> None:
    message_id, secret = str(uuid4()), f"hunter-{uuid4().hex}"
    data = json.dumps({"app_id": str(uuid4()), "database": {"password": secret}}).encode()
    headers = tuple(command_headers("RegisterEnvironment", message_id))
    await api.producer.send(Topic.COMMANDS, RawRecord(b"platform", data, headers))

    async def listed() -> Json | None:
        told = json.loads(nightkeep("dead-letter", "list", "--json").stdout)
        return next((one for one in told if one["message_id"] == message_id), None)

    letter = await eventually(listed)
    assert letter is not None
    shown = nightkeep("dead-letter", "show", letter["dead_letter_id"])
    assert shown.exit_code == Exit.OK, shown.output
    assert "RegisterEnvironment" in shown.output
    assert secret not in shown.output
    sent = nightkeep("dead-letter", "replay", letter["dead_letter_id"], "--json")
    assert sent.exit_code == Exit.OK, sent.output
    assert json.loads(sent.stdout)["message_id"] != message_id
