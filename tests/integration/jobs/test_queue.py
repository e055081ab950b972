"""Putting, holding, and the limits within which jobs run at once."""

import asyncio
from collections import Counter
from uuid import uuid4

import pytest

from services.platform.jobs import JobRun, NewJob
from services.platform.process.errors import TransientError
from tests.support.databases import FreshDatabase
from tests.support.events import cause
from tests.support.eventually import eventually
from tests.support.jobs import KIND, QUICK, SERVICE, Jobs, Kind, open_jobs


class Gate:
    """Work that waits until a test lets it go, and knows how many are in it at once."""

    def __init__(self) -> None:
        self.inside: list[JobRun] = []
        self.opened = asyncio.Event()
        self.most = Counter[str]()

    async def work(self, run: JobRun) -> None:
        self.inside.append(run)
        here = Counter(str(other.environment_id) for other in self.inside)
        self.most |= here
        self.most |= Counter({"all": len(self.inside)})
        await self.opened.wait()
        self.inside.remove(run)


async def test_a_job_that_is_put_twice_is_done_once(jobs: Jobs) -> None:
    kind = Kind()
    job_id = await jobs.put()
    await jobs.put(job_id=job_id)
    async with jobs.working(kind):
        await jobs.ended(job_id)
        await jobs.put(job_id=job_id)
        await jobs.ended(await jobs.put())
    assert await jobs.said(job_id) == ["completed"]


async def test_a_job_whose_reaction_failed_was_never_put(jobs: Jobs) -> None:
    job = NewJob(uuid4(), KIND, uuid4(), "db:5432", {}, cause(), "k")

    async def react_and_fail() -> None:
        async with jobs.database.transaction() as c:
            await jobs.queue.put(c, job)
            raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        await react_and_fail()
    assert await jobs.state(job.job_id) == "None"


async def test_what_was_put_is_what_the_run_sees(jobs: Jobs) -> None:
    kind = Kind()
    job_id = await jobs.put(payload={"backup_id": "ü", "parts": [1, None]}, key="app")
    async with jobs.working(kind):
        await jobs.ended(job_id)
    [run] = kind.runs
    assert (run.job_id, run.payload, run.key, run.attempt, run.epoch) == (
        job_id,
        {"backup_id": "ü", "parts": [1, None]},
        "app",
        1,
        1,
    )
    assert run.cause.actor == "user:ada"
    assert run.cause.actor_verified


async def test_a_held_job_waits_until_what_holds_it_is_over(jobs: Jobs) -> None:
    held = await jobs.put(held_by="restore:1")
    other = await jobs.put(held_by="restore:2")
    async with jobs.working(Kind()):
        await jobs.ended(await jobs.put())
        assert await jobs.state(held) == "waiting"
        async with jobs.database.transaction() as c:
            assert await jobs.queue.release(c, "restore:1") == 1
        await jobs.ended(held)
        assert await jobs.state(other) == "waiting"


async def test_a_held_job_may_be_let_go_when_it_has_waited_long(jobs: Jobs) -> None:
    await jobs.put(held_by="asking")
    async with jobs.database.transaction() as c:
        assert await jobs.queue.release(c, "asking", after_seconds=3600) == 0
        await c.execute("UPDATE job SET created_at = created_at - interval '1 hour'")
        assert await jobs.queue.release(c, "asking", after_seconds=3600) == 1


async def test_a_cancellation_that_comes_while_an_attempt_ends_waits_for_no_other_try(jobs: Jobs) -> None:
    async def be_cancelled_and_fail(run: JobRun) -> None:
        assert await jobs.cancel(run.job_id)
        raise TransientError("not now")

    never_again = QUICK.model_copy(update={"backoff_first_seconds": 3600.0, "backoff_last_seconds": 3600.0})
    job_id = await jobs.put()
    async with jobs.working(Kind([be_cancelled_and_fail]), never_again):
        await jobs.ended(job_id)
    assert await jobs.said(job_id) == ["failed CANCELLED cancelled by user:ada never"]


async def test_a_cancelled_job_is_ended_before_older_ones_are_begun(jobs: Jobs) -> None:
    older, cancelled, kind = await jobs.put(), await jobs.put(), Kind()
    assert await jobs.cancel(cancelled)
    async with jobs.working(kind, QUICK.model_copy(update={"capacity": 1})):
        await jobs.ended(older, cancelled)
    async with jobs.database.transaction() as c:
        ends = await c.fetch("SELECT job_id FROM job ORDER BY ended_at")
    assert [row["job_id"] for row in ends] == [cancelled, older]


async def test_one_job_at_a_time_in_one_environment(jobs: Jobs) -> None:
    environment_id = uuid4()
    ids = [await jobs.put(environment_id=environment_id) for _ in range(4)]
    gate = Gate()
    gate.opened.set()
    async with jobs.working(Kind([gate.work])):
        await jobs.ended(*ids)
    assert gate.most[str(environment_id)] == 1
    assert gate.most["all"] == 1


async def test_a_host_bears_four_at_once_and_another_host_its_own_four(jobs: Jobs) -> None:
    gate = Gate()
    ids = [await jobs.put(host=host) for host in ("a:1", "b:1") for _ in range(6)]
    async with jobs.working(Kind([gate.work]), QUICK.model_copy(update={"capacity": 12})):
        await eventually(lambda: _count_inside(gate, 8))
        assert await _running_by_host(jobs) == {"a:1": 4, "b:1": 4}
        gate.opened.set()
        await jobs.ended(*ids)
    assert gate.most["all"] == 8


async def test_a_worker_takes_no_more_than_it_can_bear_and_two_bear_more(
    jobs: Jobs, fresh_database: FreshDatabase
) -> None:
    gate, small = Gate(), QUICK.model_copy(update={"capacity": 1})
    ids = [await jobs.put() for _ in range(3)]
    async with open_jobs(fresh_database(SERVICE)) as others, jobs.working(Kind([gate.work]), small):
        await eventually(lambda: _count_inside(gate, 1))
        async with others.working(Kind([gate.work]), small):
            await eventually(lambda: _count_inside(gate, 2))
            gate.opened.set()
            await jobs.ended(*ids)
    assert gate.most["all"] == 2


async def test_limits_hold_when_many_workers_lease_at_the_same_moment(
    jobs: Jobs, fresh_database: FreshDatabase
) -> None:
    gate, environment_id = Gate(), uuid4()
    ids = [await jobs.put(environment_id=environment_id, host=f"h{number}") for number in range(10)]
    gate.opened.set()
    async with (
        open_jobs(fresh_database(SERVICE)) as others,
        jobs.working(Kind([gate.work])),
        jobs.working(Kind([gate.work])),
        others.working(Kind([gate.work])),
        others.working(Kind([gate.work])),
    ):
        await jobs.ended(*ids)
    assert gate.most["all"] == 1
    assert [await jobs.said(job_id) for job_id in ids] == [["completed"]] * 10


async def test_the_oldest_job_goes_first(jobs: Jobs) -> None:
    kind, environment_id = Kind(), uuid4()
    ids = [await jobs.put(environment_id=environment_id) for _ in range(5)]
    async with jobs.working(kind):
        await jobs.ended(*ids)
    assert [run.job_id for run in kind.runs] == ids


async def _count_inside(gate: Gate, count: int) -> bool:
    return len(gate.inside) == count


async def _running_by_host(jobs: Jobs) -> dict[str, int]:
    async with jobs.database.transaction() as c:
        rows = await c.fetch("SELECT host, count(*) AS count FROM job WHERE state = 'running' GROUP BY host")
    return {row["host"]: row["count"] for row in rows}
