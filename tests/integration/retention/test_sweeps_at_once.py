"""Sweeps beside others, and beside a log that goes on: neither makes one stop for nothing, or ask for too much."""

import asyncio
from datetime import timedelta
from functools import partial
from uuid import UUID

from contracts.events.retention import SweepApproved
from services.retention.sweeping import PAGE, Swept
from tests.support.events import NOON
from tests.support.eventually import eventually
from tests.support.histories import History
from tests.support.sweeping import Sweeps, backed_up

PRODUCTION, ACCEPTANCE = UUID(int=1), UUID(int=2)
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def waiting(sweeps: Sweeps, count: int) -> bool:
    """Whether so many wait for somebody else's transaction."""
    async with sweeps.database.transaction() as c:
        return bool(await c.fetchval(WAITING) >= count)


async def test_two_sweeps_at_once_ask_once(sweeps: Sweeps) -> None:
    environments = [UUID(int=number) for number in range(1, PAGE + 21)]
    for environment_id in environments:
        await backed_up(sweeps, environment_id, 14)
    sweeps.clock.on(days=14)
    swept = await asyncio.gather(*(sweeps.sweep.now() for _ in range(3)))
    assert sum(one.asked for one in swept) == len(environments)
    assert len(sweeps.asked()) == len(set(sweeps.asked())) == len(environments)


async def test_the_second_of_two_sweeps_behind_an_approval_does_not_stop_at_what_the_first_has_asked_for(
    sweeps: Sweeps,
) -> None:
    backups = await backed_up(sweeps, PRODUCTION, *range(1, 31))
    sweeps.clock.on(days=20)
    await sweeps.sweep.now()
    (stopped,) = await sweeps.said()
    await sweeps.hear(SweepApproved(sweep_id=stopped["sweep_id"], environment_id=PRODUCTION, approved_by="Karla"))
    async with sweeps.database.transaction() as c:
        await c.execute("SELECT FROM environment FOR UPDATE")
        both = [asyncio.ensure_future(sweeps.sweep.now()) for _ in range(2)]
        await eventually(partial(waiting, sweeps, 2))
    swept = await asyncio.gather(*both)
    assert sorted(one.asked for one in swept) == [0, 20]
    assert sorted(sweeps.asked()) == sorted(backups[:20])
    assert await sweeps.said() == [stopped]


async def test_what_the_log_makes_due_while_a_sweep_counts_is_measured_by_the_next_one(sweeps: Sweeps) -> None:
    await backed_up(sweeps, PRODUCTION, *range(1, 31))
    *for_ever, _newest = (await backed_up(sweeps, ACCEPTANCE, *[1] * 5, *[None] * 21))[5:]
    sweeps.clock.on(days=30)
    earlier = (NOON + timedelta(days=1)).isoformat()
    async with sweeps.database.transaction() as c:
        await c.execute("LOCK TABLE event IN EXCLUSIVE MODE")
        sweeping = asyncio.ensure_future(sweeps.sweep.now())
        await eventually(partial(waiting, sweeps, 1))  # it has counted, and is about to say that one has stopped
        for one in for_ever:
            ids = {"backup_id": one, "environment_id": ACCEPTANCE}
            await sweeps.hear(History().body("BackupExpiryChanged", **ids, expires_at=earlier))
    assert await sweeping == Swept(judged=2, asked=5, stopped=1)
    assert await sweeps.sweep.now() == Swept(judged=2, stopped=1)
    _, stopped = await sweeps.said()
    assert (stopped["environment_id"], stopped["due_count"]) == (str(ACCEPTANCE), len(for_ever))
