"""The log tells everything again, in another order, engines die, all under people at work; as if it had not been.

A short sample of faults; `infra/bin/soak --minutes N --seed S` shakes longer, and everything.
"""

from typing import Final

import pytest

from tests.soak import faults
from tests.soak.engines import LIES, Engines
from tests.soak.shake import shake
from tests.soak.world import World
from tests.support.dice import SEED, seed

MINUTES: Final = 0.3
"""And as long as each fault takes to have come once."""
HOSTILE: Final = (
    faults.some_is_told_again,
    faults.some_is_told_again,
    faults.a_service_is_killed,
    faults.the_broker_is_frozen,
    faults.postgresql_is_killed,
    faults.the_object_store_lies,
    faults.the_object_store_is_killed,
)
"""Records come twice, late, in another order, and from where a service last knew that it had dealt with them; and
what decides and what keeps is gone in the middle of it."""


@pytest.mark.timeout(1500)
async def test_a_hostile_log_and_engines_that_die_leave_no_trace(fragile: tuple[World, Engines]) -> None:
    told = f"{SEED}={seed()}"
    print(told)  # noqa: T201 -- whoever sees it fail shakes the same way again
    shaken = await shake(*fragile, minutes=MINUTES, seed=seed(), faults=HOSTILE)
    print(shaken.report())  # noqa: T201 -- what was done under which faults
    assert sum(shaken.injected.values()) >= len(HOSTILE)
    assert set(shaken.lies) == set(LIES)
    assert min(shaken.commands, shaken.backups, shaken.repeated) > 0, "under no work"
    assert shaken.found == [], told
