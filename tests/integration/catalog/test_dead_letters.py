"""What is no command goes to the dead letters, with a refusal as its outcome where an id can be read."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest

from services.platform.messaging.deadletters import DeadLetter, list_dead_letters, replay_dead_letter
from tests.support.eventually import eventually
from tests.support.running_services import Platform
from tests.support.script import Script, command_headers
from tests.support.shop import Shop, database


async def letter_of(catalog: Platform, command_id: str, *, count: int = 1) -> DeadLetter:
    """The newest dead letter of a command, when there are `count`."""

    async def look() -> list[DeadLetter]:
        letters = [one for one in await list_dead_letters(catalog.kafka) if str(one.message_id) == command_id]
        return letters if len(letters) == count else []

    return (await eventually(look))[0]


def _broken(case: str, environment: Mapping[str, object], command_id: str) -> tuple[bytes, list[tuple[str, bytes]]]:
    described: dict[str, Any] = json.loads(json.dumps(environment, default=str))
    headers = command_headers("RegisterEnvironment", command_id)
    match case:
        case "malformed":
            return b'{"app_id": ', headers
        case "no-object":
            return b"[1, 2]", headers
        case "unknown":
            return b"{}", command_headers("LaunchRocket", command_id)
        case "newer":
            return b"{}", [(name, value.replace(b".v1", b".v2")) for name, value in headers]
        case "oversized":
            return json.dumps(described | {"documents_query": "x" * 300_000}).encode(), headers
        case "literal-password":
            return json.dumps(described | {"database": database(password="hunter2")}).encode(), headers  # noqa: S106 -- what must not travel
        case "asia-pacific-on-v3":
            return json.dumps(described | {"region": "asia-pacific", "cloud_version": "v3"}).encode(), headers
        case "missing-field":
            return json.dumps({name: value for name, value in described.items() if name != "mode"}).encode(), headers
        case "misspelt-field":
            return json.dumps(described | {"databse": 1}).encode(), headers
        case _:
            return json.dumps(described).encode(), [*headers[:-1], ("ce_time", b"yesterday")]


@pytest.mark.parametrize(
    ("case", "wanted"),
    [
        ("malformed", ("MALFORMED", "the data is not JSON in UTF-8", None)),
        ("no-object", ("MALFORMED", "the data is no JSON object", None)),
        ("unknown", ("UNKNOWN_TYPE", "there is no command LaunchRocket", "ce_type")),
        ("newer", ("NEWER_VERSION", "RegisterEnvironment has version 2, this release knows 1: upgrade it", "ce_type")),
        ("oversized", ("TOO_LARGE", "a command has at most 262144 bytes", None)),
        (
            "literal-password",
            (
                "LITERAL_SECRET",
                "database.password: a secret never travels in a message: store it and send `secret:<name>`",
                "database.password",
            ),
        ),
        (
            "asia-pacific-on-v3",
            (
                "INVALID_PARAMETERS",
                "cloud version v3 does not exist in asia-pacific: register the environment as v4",
                None,
            ),
        ),
        ("missing-field", ("INVALID_PARAMETERS", "RegisterEnvironment.mode: Field required", "mode")),
        (
            "misspelt-field",
            ("INVALID_PARAMETERS", "RegisterEnvironment.databse: Extra inputs are not permitted", "databse"),
        ),
        ("header-twice", ("MALFORMED", "the header ce_time is there twice", "ce_time")),
    ],
)
async def test_what_is_no_command_is_kept_and_refused_with_its_exact_reason(
    catalog: Platform, shop: Shop, case: str, wanted: tuple[str, str, str | None]
) -> None:
    code, reason, field = wanted
    command_id, environment_id = str(uuid4()), uuid4()
    value, headers = _broken(case, shop.described(environment_id), command_id)
    await shop.script.put("commands", shop.app_id, value, headers)
    rejected = await shop.script.outcome(command_id)
    assert rejected.name == "CommandRejected"
    assert rejected.data["code"] == code
    assert reason in rejected.data["reason"]
    assert rejected.data["field"] == field
    await shop.heard()
    assert [seen.name for seen in shop.script.caused_by(command_id)] == ["CommandRejected"]
    assert (await shop.ask("StartEnvironment", environment_id=environment_id)).data["code"] == "ENVIRONMENT_NOT_FOUND"
    letter = await letter_of(catalog, command_id)
    assert (letter.code, letter.field, letter.refused_by) == (code, field, "catalog")
    assert letter.origin == f"{catalog.kafka.topic_prefix}.commands"
    assert b"hunter2" not in (letter.record.value or b"")
    assert "hunter2" not in json.dumps([seen.data for seen in shop.script.seen])


async def test_what_has_no_readable_id_is_kept_and_has_no_outcome(catalog: Platform, shop: Shop) -> None:
    headers = [(name, value) for name, value in command_headers("RegisterApp", "x") if name != "ce_id"]
    await shop.script.put("commands", shop.app_id, b'{"app_id": "lost"}', headers)
    await shop.heard()

    async def look() -> bool:
        return any(one.record.value == b'{"app_id": "lost"}' for one in await list_dead_letters(catalog.kafka))

    assert await eventually(look)


async def test_an_event_on_the_command_topic_is_no_command(catalog: Platform, shop: Shop) -> None:
    event_id = str(uuid4())
    headers = [
        (name, value.replace(b"command.RemoveApp", b"event.AppRemoved"))
        for name, value in command_headers("RemoveApp", event_id)
    ]
    body = json.dumps({"app_id": str(shop.app_id)}).encode()
    await shop.script.put("commands", shop.app_id, body, headers)
    assert (await shop.script.outcome(event_id)).data["code"] == "MALFORMED"
    await letter_of(catalog, event_id)


async def test_a_known_id_with_another_body_goes_only_to_the_dead_letters(catalog: Platform, shop: Shop) -> None:
    body = {"app_id": str(shop.app_id), "name": "First"}
    command_id = await shop.script.send("UpdateApp", body, key=shop.app_id)
    assert (await shop.script.outcome(command_id)).data["name"] == "First"
    await shop.script.send("UpdateApp", body | {"name": "Second"}, key=shop.app_id, command_id=command_id)
    letter = await letter_of(catalog, command_id)
    assert letter.reason == "this command id was decided with another body: its first outcome stands; send a new id"
    await shop.heard()
    assert [seen.name for seen in shop.script.caused_by(command_id)] == ["AppUpdated"]


async def test_bytes_delivered_twice_are_one_dead_letter(catalog: Platform, shop: Shop) -> None:
    command_id = str(uuid4())
    for _ in range(3):
        headers = command_headers("RegisterApp", command_id)
        await shop.script.put("commands", shop.app_id, b"no json", headers)
    await shop.heard()
    assert [seen.name for seen in shop.script.caused_by(command_id)] == ["CommandRejected"]
    await letter_of(catalog, command_id, count=1)


async def test_a_replayed_dead_letter_is_a_command_of_its_own(catalog: Platform, script: Script) -> None:
    shop = Shop(script)
    command_id, new_id = str(uuid4()), uuid4()
    body = {"app_id": str(shop.app_id), "name": "Shop", "slug": f"s-{shop.app_id.hex[:12]}"}
    headers = [(name, value.replace(b".v1", b".v7")) for name, value in command_headers("RegisterApp", command_id)]
    await script.put("commands", shop.app_id, json.dumps(body).encode(), headers)
    letter = await letter_of(catalog, command_id)
    await replay_dead_letter(catalog.kafka, letter.place, new_id=new_id)
    assert (await script.outcome(str(new_id))).data["code"] == "NEWER_VERSION"
    await letter_of(catalog, str(new_id))
