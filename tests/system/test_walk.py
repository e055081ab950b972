"""A service dies at a seam, or sleeps there and wakes up, and the work ends as if nothing had happened.

A few seams, chosen by dice; `infra/bin/soak --walk` and `--walk --sleep` go to all of them.
"""

import os
import random
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final

import pytest

from services.platform.process.settings import KafkaSettings, S3Settings
from tests.history.checks import findings
from tests.soak import restores, works
from tests.soak.fates import DYING, SLEEPING, Fate
from tests.soak.itinerary import Stop, sleeps, stops
from tests.soak.walk import walk
from tests.soak.witness import evidence_of
from tests.soak.world import World, open_world
from tests.support.databases import FreshDatabase

STOPS: Final = 3
SLEEPS: Final = 2
QUICK: Final = (works.backup, works.restore, restores.undo, works.check, works.preflight, works.letter)
"""What takes seconds; deletions, graces and downloads take a while longer, and wait for the whole walk."""


pytestmark = pytest.mark.timeout(1500)


@pytest.fixture
async def light_sleepers(
    kafka_settings: KafkaSettings, fresh_database: FreshDatabase, s3: S3Settings, tmp_path: Path
) -> AsyncIterator[World]:
    """A world in which whoever sleeps loses its locks soon."""
    changes = {"silent_seconds": SLEEPING.silent_seconds}
    fresh_database.server = fresh_database.server.model_copy(update=changes)
    lease = SLEEPING.lease_seconds
    async with open_world(kafka_settings, fresh_database, s3, tmp_path, lease_seconds=lease) as opened:
        yield opened


async def test_a_service_that_dies_at_a_seam_leaves_no_trace(world: World) -> None:
    await _walk([stop for stop in stops() if stop.work in QUICK], STOPS, world, DYING)


async def test_a_service_that_sleeps_at_a_seam_changes_nothing_when_it_wakes_up(light_sleepers: World) -> None:
    all_sleeps = sleeps()
    await _walk([stop for stop in all_sleeps if stop.work is works.backup], SLEEPS, light_sleepers, SLEEPING)
    await _walk([stop for stop in all_sleeps if stop.work is works.restore], 1, light_sleepers, SLEEPING)


async def _walk(all_stops: Sequence[Stop], number: int, world: World, fate: Fate) -> None:
    seed = int(os.environ.get("NIGHTKEEP_TEST_SEED", "9"))
    chosen = random.Random(seed).sample(all_stops, number)  # noqa: S311 -- a test's dice
    print(f"NIGHTKEEP_TEST_SEED={seed}")  # noqa: T201 -- whoever sees it fail walks the same way again
    walked = await walk(world, chosen, fate)
    assert [one.trouble for one in walked if one.trouble] == [], f"NIGHTKEEP_TEST_SEED={seed}"
    await works.let_all_go(world)
    assert findings(await evidence_of(world, reclaimed=True)) == [], f"NIGHTKEEP_TEST_SEED={seed}"
