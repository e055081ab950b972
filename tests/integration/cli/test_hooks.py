"""An environment's hook by `nightkeep`: named, changed and forgotten; what the platform answers is waited for."""

import asyncio
import json
from pathlib import Path
from typing import Any, Final

import pytest
from typer.testing import Result

from services.cli.exits import Exit
from tests.integration.cli.conftest import Nightkeep
from tests.support.eventually import eventually
from tests.support.gateway import Api, Json, described

HOOK: Final = {"url": "https://platform.example.com/hook", "secret": "secret:hook"}
GIVEN: Final = ("--hook-url", HOOK["url"], "--hook-secret", HOOK["secret"])


def _json(output: str) -> Any:  # noqa: ANN401 -- whatever the command told
    return json.loads(output)


async def hooked(api: Api, nightkeep: Nightkeep) -> Json:
    """An environment with a hook, named by options."""
    environment = await api.new_environment(await api.new_app(), passed=False)
    changed = nightkeep("env", "update", environment["environment_id"], *GIVEN, "--no-wait", "--json")
    assert changed.exit_code == Exit.OK, changed.output
    return dict(_json(changed.stdout))


async def answered(api: Api, nightkeep: Nightkeep, environment: Json, event: str, **said: object) -> Result:
    """`nightkeep env stop`, whose platform answers so."""
    place = f"/api/v1/environments/{environment['environment_id']}"
    running = asyncio.ensure_future(asyncio.to_thread(nightkeep, "env", "stop", environment["environment_id"]))

    async def look() -> Json | None:
        asked: Json | None = (await api.client.get(place)).json()["hook_call"]
        return asked

    call = await eventually(look)
    assert call is not None
    record = api.history(environment).record(f"restore/hook/{call['call_id']}", event, **call, **said)
    await api.tell(record)
    return await running


async def test_a_hook_is_named_at_registration_and_its_secret_is_no_more_than_a_reference(
    api: Api, nightkeep: Nightkeep, tmp_path: Path
) -> None:
    slug = (await api.new_app())["slug"]
    file = tmp_path / "env.json"
    file.write_text(json.dumps(described()))

    made = _json(nightkeep("env", "register", slug, "-f", str(file), *GIVEN, "--no-wait", "--json").stdout)

    assert made["hook"] == HOOK
    assert HOOK["url"] in nightkeep("env", "show", f"{slug}/production").stdout


async def test_of_a_hook_what_is_not_given_stays_and_all_of_it_can_be_forgotten(api: Api, nightkeep: Nightkeep) -> None:
    environment_id = (await hooked(api, nightkeep))["environment_id"]
    elsewhere = "https://elsewhere.example.com/hook"

    moved = nightkeep("env", "update", environment_id, "--hook-url", elsewhere, "--no-wait", "--json")
    without = nightkeep("env", "update", environment_id, "--without-hook", "--no-wait", "--json")

    assert _json(moved.stdout)["hook"] == HOOK | {"url": elsewhere}
    assert _json(without.stdout)["hook"] is None


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("--hook-url", HOOK["url"]), "hook.secret"),
        (("--hook-url", "ftp://platform.example.com", "--hook-secret", "secret:hook"), "hook.url"),
        (("--hook-url", HOOK["url"], "--hook-secret", "whsec_c2lnbmVk"), "hook.secret"),
    ],
)
async def test_half_a_hook_and_one_that_cannot_be_called_are_refused(
    api: Api, nightkeep: Nightkeep, given: tuple[str, ...], told: str
) -> None:
    environment = await api.new_environment(await api.new_app(), passed=False)

    result = nightkeep("env", "update", environment["environment_id"], *given, "--no-wait")

    assert result.exit_code == Exit.USAGE
    assert told in result.stderr
    assert "whsec_" not in result.output


async def test_the_answer_of_the_platform_is_waited_for(api: Api, nightkeep: Nightkeep) -> None:
    environment = await hooked(api, nightkeep)

    result = await answered(api, nightkeep, environment, "HookAnswered")

    assert result.exit_code == Exit.OK, result.output


async def test_what_the_platform_refuses_is_exit_code_1_with_its_words(api: Api, nightkeep: Nightkeep) -> None:
    environment = await hooked(api, nightkeep)

    result = await answered(api, nightkeep, environment, "HookFailed", reason="the hook answered 409: busy")

    assert result.exit_code == Exit.FAILED
    assert "the hook answered 409: busy" in result.stdout
