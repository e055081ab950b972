"""An engine fails in the middle of something, which is no matter of chance here: who does it stands at a named seam.

PostgreSQL is killed under an open transaction, or has no room; the object store stands still for longer than a job may.
All of it in one world, on engines of its own.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Final

import pytest

from contracts.defaults import SILENT_SECONDS
from services.platform.process.seams import Seam, step_seam
from tests.history.checks import findings
from tests.soak import works
from tests.soak.engines import Engines
from tests.soak.fates import Ended, Fate
from tests.soak.itinerary import Stop
from tests.soak.shake import fragile_world
from tests.soak.walk import walk
from tests.soak.witness import REST_SECONDS, at_rest, evidence_of
from tests.soak.world import LEASE_SECONDS, World
from tests.support.databases import execute
from tests.support.dice import some_of
from tests.support.eventually import eventually
from tests.support.full_database import SAYS, no_room
from tests.support.main_job import SERVICES
from tests.support.running_services import Service

pytestmark = pytest.mark.timeout(600)

COMMITS: Final = (
    Stop("catalog", f"before {Seam.DECIDE}", works.backup),
    Stop("snapshot", f"before {Seam.TAKE}", works.backup),
    Stop("catalog", f"before {Seam.MARK}", works.backup),
    Stop("snapshot", f"before {Seam.END}", works.backup),
)
"""Written and not kept yet: a decision, what follows from an event, an event's place on the log, the end of a job."""
ASKS: Final = (
    Stop("snapshot", f"before {Seam.CREATE}", works.backup),
    Stop("restore", f"before {step_seam('load the dump')}", works.restore),
)
"""Next the object store is asked: to let the backup exist, and for what is in it."""
PATIENCE_SECONDS: Final = 4
LivedThrough = Callable[[World, Stop, Ended], Awaitable[str]]
"""See Fate."""
WRITING: Final = "FROM pg_stat_activity WHERE state = 'idle in transaction' AND backend_xid IS NOT NULL AND usename ="


@pytest.fixture(scope="module")
async def fragile() -> AsyncIterator[tuple[World, Engines]]:
    """A crash moves sequences on that were used since the last checkpoint; here is none that is used."""
    async with fragile_world() as (world, engines):
        world.places["production"].database.run("CHECKPOINT", superuser=True)
        yield world, engines


@pytest.fixture(scope="module")
async def impatient(fragile: tuple[World, Engines]) -> tuple[World, Engines]:
    """The same, whose jobs are soon tried again when nothing moves."""
    world, _ = fragile
    for name in {one.service for one in ASKS}:
        world.platform.own_settings[name] |= {"NIGHTKEEP_WORKER__NO_PROGRESS_SECONDS": str(PATIENCE_SECONDS)}
        await world.restart(name, signal.SIGTERM)
    return fragile


async def test_work_ends_once_though_postgresql_is_killed_under_an_open_transaction(
    fragile: tuple[World, Engines],
) -> None:
    world, engines = fragile

    async def killed(world: World, stop: Stop, ended: Ended) -> str:
        assert await asyncio.to_thread(_writes, world, stop.service)
        engines.postgres.kill()
        await asyncio.to_thread(engines.postgres.again)
        world.platform.services[stop.service].process.send_signal(signal.SIGCONT)
        await ended()
        return ""

    await _live_through(killed, world, some_of(COMMITS, 2))


async def test_work_ends_once_though_postgresql_has_no_room_in_the_middle_of_a_job(
    fragile: tuple[World, Engines],
) -> None:
    world, _ = fragile

    async def full(world: World, stop: Stop, ended: Ended) -> str:
        async with no_room(world.platform.database(), [*SERVICES, "read"]):
            await _goes_on_until_it_says(SAYS, world.platform.services[stop.service])
        await ended()
        return ""

    await _live_through(full, world, ASKS)


async def test_work_ends_once_though_the_object_store_stands_still_for_longer_than_a_job_may(
    impatient: tuple[World, Engines],
) -> None:
    world, engines = impatient

    async def frozen(world: World, stop: Stop, ended: Ended) -> str:
        engines.s3.freeze()
        try:
            patience = f"nothing moved for {PATIENCE_SECONDS} seconds"
            await _goes_on_until_it_says(patience, world.platform.services[stop.service])
        finally:
            engines.s3.thaw()
        await ended()
        return ""

    await _live_through(frozen, world, ASKS)


def _writes(world: World, service: str) -> bool:
    """Whether a service has written something that it has not committed."""
    return execute(world.platform.database(), f"SELECT count(*) {WRITING} '{service}'") != "0"


async def _goes_on_until_it_says(words: str, service: Service) -> None:
    """Where it stood, and behind what is in its log already."""
    before = service.log.stat().st_size

    async def has_said() -> bool:
        return words.encode() in service.log.read_bytes()[before:]

    service.process.send_signal(signal.SIGCONT)
    await eventually(has_said)


async def _live_through(lived_through: LivedThrough, world: World, stops: Sequence[Stop]) -> None:
    """Each from rest: nobody comes to the seam with what was there before. No service ends for it."""
    fate = Fate("stands", "stop ", SILENT_SECONDS, LEASE_SECONDS, Service.is_stopped, lived_through)
    lives = {name: one.process for name, one in world.platform.services.items()}
    for stop in stops:
        await eventually(lambda: asyncio.to_thread(at_rest, world.platform.database()), within_seconds=REST_SECONDS)
        [walked] = await walk(world, [stop], fate)
        assert walked.trouble is None, stop
    assert [name for name, life in lives.items() if life.poll() is not None] == []
    assert findings(await evidence_of(world)) == []
