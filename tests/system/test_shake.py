"""The log tells everything again, in another order, under people at work, and the world is as if it had not.

A short sample with what makes a log hostile; `infra/bin/soak --minutes N --seed S` shakes longer, and everything.
"""

import os
from typing import Final

import pytest

from tests.soak import faults
from tests.soak.engines import Engines
from tests.soak.shake import shake
from tests.soak.world import World

MINUTES: Final = 0.3
HOSTILE: Final = (
    faults.some_is_told_again,
    faults.some_is_told_again,
    faults.a_service_is_killed,
    faults.the_broker_is_frozen,
)
"""Records come twice, late, in another order; and from where a service last knew that it had dealt with them."""


@pytest.mark.timeout(1500)
async def test_a_hostile_log_leaves_no_trace(fragile: tuple[World, Engines]) -> None:
    seed = int(os.environ.get("NIGHTKEEP_TEST_SEED", "9"))
    print(f"NIGHTKEEP_TEST_SEED={seed}")  # noqa: T201 -- whoever sees it fail shakes the same way again
    shaken = await shake(*fragile, minutes=MINUTES, seed=seed, faults=HOSTILE)
    print(shaken.report())  # noqa: T201 -- what was done under which faults
    assert shaken.injected
    assert shaken.found == [], f"NIGHTKEEP_TEST_SEED={seed}"
