"""`nightkeep user`, `organisation`, `key` and `access`: from an invitation to a right that is taken back."""

import json
from secrets import token_hex
from typing import Any

import httpx
import pytest

from services.cli.access_calls import AccessCalls, AccessPlace
from services.cli.exits import Exit
from services.gateway.resources import Access
from tests.integration.cli.conftest import Nightkeep
from tests.support.gateway import Api


def answered(nightkeep: Nightkeep, *arguments: str, **options: str | None) -> Any:  # noqa: ANN401 -- JSON
    done = nightkeep(*arguments, "--json", **options)
    assert done.exit_code == Exit.OK, done.output
    return json.loads(done.stdout)


async def test_a_user_is_added_accepts_and_may_what_was_granted_where_it_was(api: Api, nightkeep: Nightkeep) -> None:
    environment, name = await api.ready_environment(), f"user-{token_hex(4)}"
    place = f"{environment['app_slug']}/production"

    added = answered(nightkeep, "user", "add", name)
    accepted = answered(nightkeep, "user", "accept", nightkeep_cli_invitation=added["invitation"]["token"])
    own = {"nightkeep_user": name, "nightkeep_api_key": accepted["api_key"]}
    before = nightkeep("backup", "create", place, "--no-wait", **own)
    granted = answered(nightkeep, "access", "grant", name, place, "read", "create")
    after = nightkeep("backup", "create", place, "--no-wait", **own)
    revoked = answered(nightkeep, "access", "revoke", name, place, "create")

    assert before.exit_code == Exit.NOT_FOUND, before.output
    assert after.exit_code == Exit.OK, after.output
    assert [(one["user"], one["rights"]) for one in granted] == [(name, ["create", "read"])]
    assert [one["rights"] for one in revoked] == [["read"]]
    assert name in nightkeep("access", "list", place).stdout
    assert name in nightkeep("user", "list").stdout
    (key,) = answered(nightkeep, "key", "list", "--user", name)
    assert accepted["api_key"].startswith(f"nk_{key['key_id']}_")
    assert nightkeep("key", "list", "--user", "nobody").exit_code == Exit.NOT_FOUND
    assert name in nightkeep("user", "show", name).stdout
    assert answered(nightkeep, "user", "show", key["user_id"])["name"] == name
    assert nightkeep("user", "remove", name, "--yes").exit_code == Exit.OK
    assert nightkeep("backup", "list", place, **own).exit_code == Exit.UNAUTHORIZED


async def test_rights_that_are_given_between_a_look_and_a_change_stay(
    api: Api, nightkeep: Nightkeep, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, look, waiting = f"user-{token_hex(4)}", AccessCalls.access, [{"rights": ["create"]}]
    user = answered(nightkeep, "user", "add", name)["user"]

    def looked(calls: AccessCalls, at: AccessPlace) -> list[Access]:
        seen = look(calls, at)
        if waiting:
            headers = {"Authorization": f"Bearer {api.key}"}
            place = f"{api.url}/api/v1/access/{user['user_id']}"
            assert httpx.put(place, json=waiting.pop(), headers=headers).is_success
        return seen

    monkeypatch.setattr(AccessCalls, "access", looked)
    granted = answered(nightkeep, "access", "grant", user["user_id"], "platform", "read")
    assert [one["rights"] for one in granted if one["user"] == name] == [["create", "read"]]


async def test_a_key_is_made_for_a_place_listed_and_revoked(api: Api, nightkeep: Nightkeep) -> None:
    environment = await api.ready_environment()
    place = f"{environment['app_slug']}/production"

    made = answered(nightkeep, "key", "create", "--scope", "read", "--at", place, "--name", "dashboard")
    shown = nightkeep("key", "list")
    own = {"nightkeep_api_key": made["api_key"]}

    assert nightkeep("backup", "list", place, **own).exit_code == Exit.OK
    assert nightkeep("backup", "create", place, "--no-wait", **own).exit_code == Exit.UNAUTHORIZED
    assert made["key_id"] in shown.stdout
    assert "dashboard" in shown.stdout
    assert made["api_key"] not in shown.stdout
    assert nightkeep("key", "revoke", made["key_id"], "--yes").exit_code == Exit.OK
    assert nightkeep("backup", "list", place, **own).exit_code == Exit.UNAUTHORIZED


async def test_an_organisation_is_added_and_owns_an_app(api: Api, nightkeep: Nightkeep) -> None:
    app, name = await api.new_app(), f"org-{token_hex(4)}"

    assert answered(nightkeep, "organisation", "add", name)["name"] == name
    owned = nightkeep("organisation", "own", name, app["slug"])
    added = answered(nightkeep, "user", "add", f"user-{token_hex(4)}", "--organisation", name)

    assert owned.exit_code == Exit.OK, owned.output
    listed = {one["organisation_id"]: one["name"] for one in answered(nightkeep, "organisation", "list")}
    assert listed[added["user"]["organisation_id"]] == name
    granted = answered(nightkeep, "access", "grant", added["user"]["name"], f"organisation:{name}", "admin")
    assert [one["place"]["kind"] for one in granted] == ["organisation"]


async def test_a_lost_answer_is_had_again_under_its_key_but_for_the_invitation(nightkeep: Nightkeep) -> None:
    name, again = f"user-{token_hex(4)}", ("--idempotency-key", token_hex(16))
    added, repeated = [answered(nightkeep, "user", "add", name, *again) for _ in range(2)]
    token = added["invitation"]["token"]
    keys = [answered(nightkeep, "user", "accept", *again, nightkeep_cli_invitation=token) for _ in range(2)]

    assert repeated == added | {"invitation": added["invitation"] | {"token": None}}
    assert keys[0] == keys[1]
    assert "nightkeep user invite" in nightkeep("user", "add", name, *again).stdout


async def test_a_password_is_typed_and_given(api: Api, nightkeep: Nightkeep) -> None:
    name, first, other = f"user-{token_hex(4)}", token_hex(16), token_hex(16)
    token = answered(nightkeep, "user", "add", name)["invitation"]["token"]
    key = answered(nightkeep, "user", "accept", nightkeep_cli_invitation=token)["api_key"]
    own = {"nightkeep_user": name, "nightkeep_api_key": key}
    place = ("access", "grant", name, "platform", "admin")
    assert nightkeep(*place).exit_code == Exit.OK
    done = [
        nightkeep("user", "password", typed=typed, **own)
        for typed in (f"\n{first}\n{first}\n", f"{other}\n{other}\n{other}\n", f"{first}\n{other}\n{other}\n")
    ]
    async with api.connect() as browser:
        signed_in = await browser.post("/api/v1/session", json={"user": name, "password": other})
    assert [one.exit_code for one in done] == [Exit.OK, Exit.UNAUTHORIZED, Exit.OK], [one.output for one in done]
    assert not any(secret in one.output for one in done for secret in (first, other))
    assert signed_in.status_code == 201
    assert nightkeep("access", "revoke", name, "platform", "admin").exit_code == Exit.OK


@pytest.mark.parametrize("name", ["jörg", "Łukasz", "😀"])
async def test_whose_name_is_not_ascii_uses_every_command(nightkeep: Nightkeep, name: str) -> None:
    name = f"{name}-{token_hex(4)}"
    token = answered(nightkeep, "user", "add", name)["invitation"]["token"]
    key = answered(nightkeep, "user", "accept", nightkeep_cli_invitation=token)["api_key"]
    own = {"nightkeep_user": name, "nightkeep_api_key": key}
    made = answered(nightkeep, "key", "create", "--scope", "read", **own)
    assert made["key_id"] in {one["key_id"] for one in answered(nightkeep, "key", "list", **own)}
    wrong = [own | {"nightkeep_user": f"x{name}"}, own | {"nightkeep_api_key": name}]
    assert [nightkeep("key", "list", **one).exit_code for one in wrong] == [Exit.UNAUTHORIZED] * 2


def test_an_idempotency_key_that_is_none_is_refused_by_the_gateway(nightkeep: Nightkeep) -> None:
    refused = nightkeep("organisation", "add", f"org-{token_hex(4)}", "--idempotency-key", "schlüssel")
    assert refused.exit_code == Exit.REFUSED, refused.output
    assert "Idempotency-Key" in refused.output
