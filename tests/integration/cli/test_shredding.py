"""`nightkeep env shred`: asks for the name, says what it leaves, and tells of a refusal and of a failure."""

import asyncio
import json
from uuid import uuid4

from services.cli.exits import Exit
from tests.integration.cli.conftest import Nightkeep
from tests.support.eventually import eventually
from tests.support.gateway import Api, Json


def full_name(environment: Json) -> str:
    return f"{environment['app_slug']}/production"


async def ended(api: Api, environment: Json, name: str) -> None:
    """Have retention end the shredding as soon as it was asked for."""
    path = f"/api/v1/environments/{environment['environment_id']}/shredding"

    async def begun() -> str | None:
        answer: Json = (await api.client.get(path)).json()
        return answer.get("shred_id")

    shred_id = await eventually(begun)
    record = api.history(environment).record(f"retention/shredding/{shred_id}", name, shred_id=shred_id)
    await api.tell(record)


async def test_it_asks_for_the_name_and_tells_what_it_leaves(api: Api, nightkeep: Nightkeep) -> None:
    environment = await api.ready_environment()
    name = full_name(environment)

    left_alone = nightkeep("env", "shred", name, typed="no\n")
    shredding = asyncio.create_task(asyncio.to_thread(nightkeep, "env", "shred", name, typed=f"{name}\n"))
    await ended(api, environment, "BackupsShredded")
    done = await shredding

    assert left_alone.exit_code == Exit.REFUSED, left_alone.output
    assert "this environment is called 'production'" in left_alone.stderr
    assert done.exit_code == Exit.OK, done.output
    assert f"Type the name {name}" in done.stderr
    for told in ("2 data keys destroyed", "12 packs", "37 tombstones", "the log", "copies of the wrapped keys"):
        assert told in done.stdout


async def test_a_script_confirms_by_an_option_and_hears_of_a_failure(api: Api, nightkeep: Nightkeep) -> None:
    environment = await api.ready_environment()
    arguments = ("env", "shred", full_name(environment), "--confirm", "production", "--json")

    shredding = asyncio.create_task(asyncio.to_thread(nightkeep, *arguments))
    await ended(api, environment, "ShreddingFailed")
    failed = await shredding
    begun = nightkeep(*arguments, "--no-wait")

    assert failed.exit_code == Exit.FAILED, failed.output
    assert json.loads(failed.stdout)["failure"]["code"] == "STORE_UNAVAILABLE"
    assert (begun.exit_code, json.loads(begun.stdout)["state"]) == (Exit.OK, "running")


async def test_a_removed_environment_is_named_by_its_id(api: Api, nightkeep: Nightkeep) -> None:
    environment = await api.ready_environment()
    assert nightkeep("env", "remove", full_name(environment), "--yes").exit_code == Exit.OK

    by_name = nightkeep("env", "shred", full_name(environment), "--confirm", "production")
    by_id = nightkeep("env", "shred", environment["environment_id"], "--confirm", "production", "--no-wait")
    unknown = nightkeep("env", "shred", str(uuid4()), "--confirm", "production")

    assert by_name.exit_code == Exit.NOT_FOUND
    assert by_id.exit_code == Exit.OK, by_id.output
    assert unknown.exit_code == Exit.NOT_FOUND
