"""Files that no environment should get, sent by the command line to a whole platform: refused, with nothing changed."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from services.cli.__main__ import app
from services.platform.process.settings import KafkaSettings, S3Settings
from tests.soak.callers import USER
from tests.soak.world import World, open_world
from tests.support.databases import FreshDatabase
from tests.support.hostile_files import HOSTILE, MORE_RIGHTS, hostile

UPLOAD: Final = ("upload", "create", "--no-safety-backup", "--yes")
IMPORT: Final = ("backup", "import")
INTO: Final = "shop/acceptance"


@pytest.fixture(scope="module")
async def world(
    kafka: KafkaSettings, module_database: FreshDatabase, s3: S3Settings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    """One platform for all of these files: each leaves it as it was."""
    ours = kafka.model_copy(update={"topic_prefix": f"test-{uuid4().hex}"})
    async with open_world(ours, module_database, s3, tmp_path_factory.mktemp("hostile"), documents=2) as opened:
        place = opened.places["acceptance"]
        place.database.run("CREATE TABLE own (id int)", "INSERT INTO own VALUES (1)")
        place.put(b"of acceptance", uuid4())
        deploy, environment_id = opened.gateway.deploy, opened.environments["acceptance"]
        await asyncio.to_thread(deploy, environment_id, "7.0.0", package_bytes=1000, package_sha256="ab" * 32)
        yield opened


async def nightkeep(world: World, *arguments: str) -> Result:
    """Run `nightkeep` with these arguments, beside the event loop."""
    connection = {"URL": world.platform.gateway_url, "USER": USER, "API_KEY": world.api_key}
    told = {f"NIGHTKEEP_{name}": value for name, value in connection.items()} | {"COLUMNS": "2000"}
    return await asyncio.to_thread(CliRunner().invoke, app, [*arguments], env=told)


async def state(world: World) -> tuple[Any, ...]:
    """Rows, documents, databases beside, and what the environment is known to run."""
    place = world.places["acceptance"]
    environment = await world.caller.look(lambda: world.gateway.environment(world.environments["acceptance"]))
    owned = f"SELECT datname FROM pg_database WHERE datdba = '{place.database.role}'::regrole ORDER BY 1"  # noqa: S608 -- ours
    databases = place.database.run(owned, superuser=True, database="postgres")
    known = environment.model_dump(
        include={"model_version", "package_bytes", "package_sha256", "data_model_version", "run_state"}
    )
    return (*place.everything(), databases, known)


@pytest.mark.parametrize("by", [UPLOAD, IMPORT], ids=["upload", "import"])
@pytest.mark.parametrize("wrong", HOSTILE)
async def test_what_is_hostile_is_refused_by_its_reason_and_changes_nothing(
    world: World, tmp_path: Path, wrong: str, by: tuple[str, ...]
) -> None:
    (_, words), path, before = HOSTILE[wrong], tmp_path / "orders.bin", await state(world)
    path.write_bytes(hostile(wrong))
    refused = await nightkeep(world, *by, str(path), "--into", INTO)
    assert (refused.exit_code, words in refused.stdout) == (1, True), refused.output
    assert await state(world) == before
    assert before[-1]["package_sha256"] == "ab" * 32


async def test_what_needs_more_rights_is_not_uploaded(world: World, tmp_path: Path) -> None:
    path, before = tmp_path / "orders.bin", await state(world)
    path.write_bytes(MORE_RIGHTS)
    refused = await nightkeep(world, *UPLOAD, str(path), "--into", INTO)
    assert (refused.exit_code, "CREATE EVENT TRIGGER takes_over" in refused.stdout) == (1, True), refused.output
    assert await state(world) == before


async def test_what_needs_more_rights_is_imported_with_a_warning_and_never_restored(
    world: World, tmp_path: Path
) -> None:
    path, before = tmp_path / "orders.bin", await state(world)
    path.write_bytes(MORE_RIGHTS)
    imported = await nightkeep(world, *IMPORT, str(path), "--into", INTO, "--json")
    assert imported.exit_code == 0, imported.output
    backup = json.loads(imported.stdout)
    (warning,) = [one for one in backup["warnings"] if one["code"] == "MISSING_RIGHTS"]
    assert "takes_over" in warning["message"]
    for more in ((), ("--dry-run",)):
        refused = await nightkeep(world, "restore", "create", backup["backup_id"], "--into", INTO, *more)
        assert (refused.exit_code, "takes_over" in refused.stdout) == (1, True), refused.output
    assert await state(world) == before
