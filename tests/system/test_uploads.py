"""A file from elsewhere fills an environment, by the command line, on a whole platform; a hostile one does nothing."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner, Result

from contracts.states import BackupState
from contracts.values import RunState
from services.cli.__main__ import app
from services.platform.archives.tar import DUMP_NAME, METADATA_NAME
from services.platform.connectors.database import EnvironmentDatabase, PostgresTools
from services.platform.process.settings import KafkaSettings, S3Settings
from tests.soak.callers import USER
from tests.soak.world import World, open_world
from tests.support.databases import FreshDatabase
from tests.support.main_job import Place
from tests.support.sent_archives import tar_gz

Nightkeep = Callable[..., Result]
PART_BYTES = 50_000


@pytest.fixture
async def world(
    kafka_settings: KafkaSettings,
    fresh_database: FreshDatabase,
    s3: S3Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[World]:
    async with open_world(kafka_settings, fresh_database, s3, tmp_path, documents=5) as opened:
        connection = {"URL": opened.platform.gateway_url, "USER": USER, "API_KEY": opened.api_key}
        for name, value in connection.items():
            monkeypatch.setenv(f"NIGHTKEEP_{name}", value)
        yield opened


async def nightkeep(*arguments: str) -> Result:
    """Run `nightkeep` with these arguments, beside the event loop."""
    return await asyncio.to_thread(CliRunner().invoke, app, [*arguments], env={"COLUMNS": "100"})


async def full_archive(place: Place) -> bytes:
    """What an app's own people would make of an environment."""
    source = EnvironmentDatabase(place.database.access(), PostgresTools({}))
    async with source.open_snapshot() as snapshot, snapshot.dump() as pieces:
        dump = b"".join([piece async for piece in pieces])
    documents = {f"tree/{at}": (place.documents / at).read_bytes() for at in place.contents()}
    return tar_gz({METADATA_NAME: b'{"modelVersion": "6.3.0"}', DUMP_NAME: dump, **documents})


@pytest.mark.timeout(900)
async def test_a_file_fills_an_environment_and_the_way_back_is_its_safety_backup(world: World, tmp_path: Path) -> None:
    production, acceptance = world.places["production"], world.places["acceptance"]
    environment_id = world.environments["acceptance"]
    acceptance.database.run("CREATE TABLE own (id int)")
    acceptance.put(b"of acceptance", uuid4())
    before = acceptance.everything()
    sent = tmp_path / "orders.bin"
    sent.write_bytes(await full_archive(production))

    done = await nightkeep("upload", "create", str(sent), "--into", "shop/acceptance", "--yes", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert acceptance.everything() == production.everything()
    environment = await world.caller.look(lambda: world.gateway.environment(environment_id))
    assert (environment.model_version, environment.run_state) == (None, RunState.STOPPED)
    assert environment.data_model_version == "6.3.0"

    hostile = tmp_path / "hostile.tar.gz"
    hostile.write_bytes(tar_gz({"tree/../../etc/passwd": b"x"}))
    arguments = ("--into", "shop/acceptance", "--files-only", "--no-safety-backup", "--yes")
    refused = await nightkeep("upload", "create", str(hostile), *arguments)
    assert (refused.exit_code, "leads outside" in refused.stdout) == (1, True), refused.output
    assert acceptance.everything() == production.everything()

    imported = await nightkeep("backup", "import", str(sent), "--into", "shop/acceptance", "--json")
    assert imported.exit_code == 0, imported.output
    backup = json.loads(imported.stdout)
    assert (backup["kind"], backup["model_version"]) == ("uploaded", "6.3.0")

    safety = await world.caller.look(lambda: world.gateway.backup(UUID(told["safety_backup_id"])))
    assert (safety.state, safety.pinned) == (BackupState.COMPLETED, True)
    back = await nightkeep("restore", "create", told["safety_backup_id"], "--into", "shop/acceptance")
    assert back.exit_code == 0, back.output
    assert acceptance.everything() == before
    again = await nightkeep("restore", "create", backup["backup_id"], "--into", "shop/acceptance")
    assert again.exit_code == 0, again.output
    assert acceptance.everything() == production.everything()
