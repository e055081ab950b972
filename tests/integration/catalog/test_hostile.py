"""Bytes that are made to hurt have their outcome, and the next command is answered as ever."""

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.support.script import command_headers
from tests.support.shop import Shop

S3: dict[str, Any] = {"kind": "s3", "bucket": "shop", "credentials": "secret:files"}


def _hostile(case: str, shop: Shop) -> dict[str, Any]:
    described: dict[str, Any] = json.loads(json.dumps(shop.described(uuid4()), default=str))
    match case:
        case "nul-in-a-text":
            return described | {"name": "a\x00b"}
        case "nul-in-a-place":
            return described | {"files": S3 | {"region": "eu\x00"}}
        case "nul-in-a-name":
            return described | {"x\x00": 1}
        case "a-lone-surrogate":
            return described | {"name": "\ud800"}
        case "an-endless-name":
            return described | {"x" * 200_000: 1}
        case "an-enormous-number":
            return described | {"database": described["database"] | {"port": 10**400}}
        case _:
            return described | {"name": ["x"] * 50_000}


@pytest.mark.parametrize(
    "case",
    [
        "nul-in-a-text",
        "nul-in-a-place",
        "nul-in-a-name",
        "a-lone-surrogate",
        "an-endless-name",
        "an-enormous-number",
        "a-list-for-a-text",
    ],
)
async def test_a_hostile_body_is_refused(shop: Shop, case: str) -> None:
    rejected = await shop.script.ask("RegisterEnvironment", _hostile(case, shop), key=shop.app_id)
    assert rejected.name == "CommandRejected"
    assert rejected.data["code"] in {"MALFORMED", "INVALID_PARAMETERS"}
    await shop.heard()


@pytest.mark.parametrize("depth", [500, 990, 100_000])
async def test_a_deep_body_is_refused(shop: Shop, depth: int) -> None:
    command_id = str(uuid4())
    value = b'{"a":' * depth + b"1" + b"}" * depth
    await shop.script.put("commands", shop.app_id, value, command_headers("RegisterApp", command_id))
    assert (await shop.script.outcome(command_id)).name == "CommandRejected"
    await shop.heard()


@pytest.mark.parametrize(
    "header",
    [
        ("ce_actor", b"user:\x00"),
        ("ce_actor", b"\xff\xfe"),
        ("ce_time", b"9" * 5000),
        ("ce_sequence", b"9" * 5000),
        ("ce_x\x00", b"1"),
        ("ce_type", b"nightkeep.command.\x00.v1"),
    ],
)
async def test_hostile_headers_are_refused_or_ignored(shop: Shop, header: tuple[str, bytes]) -> None:
    command_id = str(uuid4())
    body = json.dumps({"app_id": str(shop.app_id), "name": "Shop"}).encode()
    others = [one for one in command_headers("UpdateApp", command_id) if one[0] != header[0]]
    await shop.script.put("commands", shop.app_id, body, [*others, header, header, ("other", b"\xff")])
    assert (await shop.script.outcome(command_id)).name == "CommandRejected"
    await shop.heard()


async def test_a_record_without_anything_is_survived(shop: Shop) -> None:
    await shop.script.producer.send_and_wait(f"{shop.script.prefix}.commands", None, key=b"\x00")
    await shop.heard()
