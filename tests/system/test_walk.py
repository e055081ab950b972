"""A service dies at a seam, and the work ends as if nothing had happened.

A few seams, chosen by dice; `infra/bin/soak --walk` goes to all of them.
"""

import os
import random
from typing import Final

import pytest

from tests.history.checks import findings
from tests.soak import works
from tests.soak.itinerary import stops
from tests.soak.walk import walk
from tests.soak.witness import evidence_of
from tests.soak.world import World

STOPS: Final = 3
QUICK: Final = (works.backup, works.restore, works.undo, works.check, works.preflight, works.letter)
"""What takes seconds; deletions, graces and downloads take a while longer, and wait for the whole walk."""


@pytest.mark.timeout(1500)
async def test_a_service_that_dies_at_a_seam_leaves_no_trace(world: World) -> None:
    seed = int(os.environ.get("NIGHTKEEP_TEST_SEED", "9"))
    chosen = random.Random(seed).sample([stop for stop in stops() if stop.work in QUICK], STOPS)  # noqa: S311 -- a test's dice
    print(f"NIGHTKEEP_TEST_SEED={seed}")  # noqa: T201 -- whoever sees it fail walks the same way again
    walked = await walk(world, chosen)
    assert [one.trouble for one in walked if one.trouble] == [], f"NIGHTKEEP_TEST_SEED={seed}"
    assert findings(await evidence_of(world)) == [], f"NIGHTKEEP_TEST_SEED={seed}"
