"""PostgreSQL is brought back from a copy that is older than the log: nobody decides anything until a person has.

A newer copy ends it. Where there is none, the log is made as old as the copy, and what the bucket has since is found
there.
"""

import asyncio
import json
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from infra.local.engines.postgres import installation
from services.cli.exits import Exit
from services.platform.process.settings import PostgresSettings
from tests.history.checks import findings
from tests.history.collecting import records
from tests.history.evidence import Record
from tests.soak import works
from tests.soak.witness import APPENDING, evidence_of, places_of
from tests.soak.world import World
from tests.support.databases import execute
from tests.support.lost_log import lose_the_log, refilled
from tests.support.main_job import SERVICES
from tests.support.operator import nightkeep

pytestmark = pytest.mark.timeout(900)
MEANWHILE: Final = (works.backup, works.archive, works.restore, works.shredding)
"""Of this every service that appends says something."""
LOST: Final = {"a command without an outcome", "accepted and not on the log"}
"""All that the witness may miss, of what was asked for behind the copy."""


@pytest.fixture
def copies(world: World) -> "Copies":
    return Copies(world.platform.database(), world.platform.directory)


@dataclass(frozen=True)
class Copies:
    """The platform's database as an administrator copies it and brings it back."""

    database: PostgresSettings
    directory: Path

    def make(self, name: str) -> Path:
        """A dump of what is there now."""
        file = self.directory / f"{name}.dump"
        self._run("pg_dump", "--format=custom", f"--file={file}", self.database.database)
        return file

    def bring_back(self, file: Path) -> None:
        """Put the contents of a dump in the place of all that is there."""
        server = self.database.model_copy(update={"database": "postgres"})
        name = self.database.database
        execute(server, f"DROP DATABASE {name} WITH (FORCE)", f"CREATE DATABASE {name} TEMPLATE template0")
        self._run("pg_restore", "--exit-on-error", f"--dbname={name}", str(file))

    def _run(self, program: str, *words: str) -> None:
        where = [f"--host={self.database.host}", f"--port={self.database.port}", f"--username={self.database.user}"]
        environment = {"PATH": os.defpath, "PGPASSWORD": self.database.password.get_secret_value()}
        subprocess.run([installation() / "bin" / program, *where, *words], env=environment, check=True)


@dataclass(frozen=True)
class Outside:
    """Everything that a service could do something to besides its own rows, in the order of its places."""

    events: list[Record]
    commands: list[Record]
    objects: set[str]


async def test_services_decide_nothing_on_an_older_copy_and_go_on_with_a_newer_one(
    world: World, copies: Copies
) -> None:
    await _do(world, works.backup)
    older = await asyncio.to_thread(copies.make, "older")
    await _do(world, *MEANWHILE)
    await _stop_all(world)
    newer = await asyncio.to_thread(copies.make, "newer")
    before = await _outside(world)

    await asyncio.to_thread(copies.bring_back, older)
    await asyncio.gather(*(_must_refuse(world, name) for name in APPENDING))
    assert await _outside(world) == before

    await asyncio.to_thread(copies.bring_back, newer)
    await world.platform.start(*SERVICES)
    await _do(world, works.backup)
    assert findings(await evidence_of(world)) == []

    await _stop_all(world)
    await lose_the_log(world.platform.kafka)
    await asyncio.gather(*(_must_refuse(world, name, "was recreated") for name in APPENDING))
    assert await asyncio.to_thread(refilled, world.platform) == 0
    await world.platform.start(*SERVICES)
    await _do(world, works.backup)
    assert findings(await evidence_of(world)) == []


async def test_where_there_is_no_newer_copy_the_log_is_filled_from_the_older_one_and_the_bucket_tells_the_rest(
    world: World, copies: Copies
) -> None:
    await _do(world, works.backup)
    older = await asyncio.to_thread(copies.make, "older")
    await _do(world, works.backup, works.restore)
    newest = world.newest
    assert newest is not None
    await _stop_all(world)
    await asyncio.to_thread(copies.bring_back, older)
    await _must_refuse(world, "catalog")

    await lose_the_log(world.platform.kafka)
    assert await asyncio.to_thread(refilled, world.platform) == 0
    await world.platform.start(*SERVICES)
    done = await asyncio.to_thread(nightkeep, world.platform, world.api_key, "repository", "rebuild", "--json")
    assert done.exit_code == Exit.OK, done.output
    [counted] = json.loads(done.stdout)
    assert (counted["recovered"], counted["there_already"], counted["not_recovered"]) == (1, 1, [])
    await _do(world, works.restore, works.backup)  # of the newest, which nobody knew of any more
    assert {one.rule for one in findings(await evidence_of(world))} <= LOST


async def _do(world: World, *several: works.Work) -> None:
    for work in several:
        async for _ in work(world):
            pass


async def _stop_all(world: World) -> None:
    for service in world.platform.services.values():
        assert await asyncio.to_thread(service.end, signal.SIGTERM) == 0, service.name


async def _must_refuse(world: World, name: str, why: str = r"was set back\. Bring back a newer copy of it") -> None:
    """It ends as soon as it has looked, and says why and what to do."""
    with pytest.raises(RuntimeError, match=rf"ended with 1:[\s\S]*{why}"):
        await world.platform.start(name)


async def _outside(world: World) -> Outside:
    events, commands = [
        sorted(await records(places_of(world), topic), key=lambda one: (one.partition, one.offset))
        for topic in ("events", "commands")
    ]
    return Outside(events, commands, {info.key async for info in world.store.list("")})
