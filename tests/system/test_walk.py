"""A service dies at a seam, or sleeps there and wakes up, and the work ends as if nothing had happened.

A few seams, chosen by dice; `infra/bin/soak --walk` and `--walk --sleep` go to all of them.
"""

import random
from collections.abc import AsyncIterator, Collection, Sequence
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
from tests.soak.works import Work
from tests.soak.world import World, open_world
from tests.support.databases import FreshDatabase
from tests.support.dice import SEED, seed

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
    await _walk(_chosen(stops(), QUICK, STOPS), world, DYING)


async def test_a_service_that_sleeps_at_a_seam_changes_nothing_when_it_wakes_up(light_sleepers: World) -> None:
    chosen = [*_chosen(sleeps(), [works.backup], SLEEPS), *_chosen(sleeps(), [works.restore], 1)]
    await _walk(chosen, light_sleepers, SLEEPING)


def _chosen(all_stops: Sequence[Stop], among: Collection[Work], number: int) -> Sequence[Stop]:
    dice = random.Random(seed())  # noqa: S311 -- a test's dice
    return dice.sample([stop for stop in all_stops if stop.work in among], number)


async def _walk(chosen: Sequence[Stop], world: World, fate: Fate) -> None:
    told = f"{SEED}={seed()}"
    print(told)  # noqa: T201 -- whoever sees it fail walks the same way again
    walked = await walk(world, chosen, fate)
    assert [one.trouble for one in walked if one.trouble] == [], told
    await works.let_all_go(world)
    assert findings(await evidence_of(world, reclaimed=True)) == [], told
