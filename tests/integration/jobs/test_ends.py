"""How attempts end: by error kind, by cancellation, without progress, at shutdown."""

import asyncio
import sys
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psutil
import pytest
import structlog

from contracts.errors import FailureCode
from services.platform.database import Connection
from services.platform.jobs import JobCancelledError, JobRun, LeaseLostError
from services.platform.jobs.leases import Lease, Leases
from services.platform.process.errors import PermanentError, TransientError
from tests.support.eventually import eventually
from tests.support.jobs import KIND, QUICK, Jobs, Kind, nothing, say


class Flaky:
    """Fails so many times, each time remembering it."""

    def __init__(self, failures: int, error: Exception) -> None:
        self.failures = failures
        self.error = error

    async def work(self, run: JobRun) -> None:
        run.memo["tries"] = [*run.memo.get("tries", []), run.attempt]
        if run.attempt <= self.failures:
            raise self.error


async def wait_for_ever(_run: JobRun) -> None:
    await asyncio.Event().wait()


async def take(jobs: Jobs) -> tuple[Lease, Leases]:
    """A lease as a worker has it, that nobody keeps alive."""
    leases = Leases(jobs.queue, QUICK)
    lease = await leases.take([KIND], "a test")
    assert lease is not None
    return lease, leases


async def test_steps_run_in_order_and_the_end_is_said_once(jobs: Jobs) -> None:
    done: list[str] = []

    async def first(_run: JobRun) -> None:
        done.append("first")

    async def second(_run: JobRun) -> None:
        done.append("second")

    job_id = await jobs.put()
    async with jobs.working(Kind([first, second])):
        await jobs.ended(job_id)
    assert done == ["first", "second"]
    assert await jobs.said(job_id) == ["completed"]
    assert await jobs.state(job_id) == "completed"


async def test_a_transient_error_is_tried_again_with_what_earlier_steps_remembered(jobs: Jobs) -> None:
    seen: list[dict[str, object]] = []

    async def remember(run: JobRun) -> None:
        seen.append(dict(run.memo))
        run.memo["uploaded"] = run.attempt

    job_id = await jobs.put()
    async with jobs.working(Kind([remember, Flaky(2, TransientError("the store is away")).work])):
        await jobs.ended(job_id)
    assert [memo.get("uploaded") for memo in seen] == [None, 1, 2]
    assert await jobs.said(job_id) == ["completed"]


async def test_a_permanent_error_ends_the_job_at_once_with_its_code(jobs: Jobs) -> None:
    kind = Kind([Flaky(9, PermanentError("no such role", code=FailureCode.MISSING_RIGHTS)).work])
    job_id = await jobs.put()
    async with jobs.working(kind):
        await jobs.ended(job_id)
    assert await jobs.said(job_id) == ["failed MISSING_RIGHTS no such role never"]
    assert len(kind.runs) == 1
    assert await jobs.state(job_id) == "failed"


async def test_transient_errors_that_outlast_the_tries_end_the_job_with_the_last_reason(jobs: Jobs) -> None:
    kind = Kind([Flaky(9, TransientError("it is away", code=FailureCode.STORE_UNAVAILABLE)).work])
    job_id = await jobs.put()
    async with jobs.working(kind):
        await jobs.ended(job_id)
    assert await jobs.said(job_id) == ["failed STORE_UNAVAILABLE it is away (tried 5 times) again"]
    assert len(kind.runs) == 5


async def test_a_defect_ends_the_job_without_telling_what_it_held(jobs: Jobs) -> None:
    job_id = await jobs.put()
    async with jobs.working(Kind([Flaky(9, KeyError("hunter2")).work])):
        await jobs.ended(job_id)
    [said] = await jobs.said(job_id)
    assert said.startswith("failed INTERNAL a defect")
    assert "hunter2" not in said


async def test_a_full_disk_is_tried_again(jobs: Jobs) -> None:
    job_id = await jobs.put()
    async with jobs.working(Kind([Flaky(1, OSError(28, "No space left on device")).work])):
        await jobs.ended(job_id)
    assert await jobs.said(job_id) == ["completed"]


async def test_an_end_that_cannot_be_said_yet_is_said_later(jobs: Jobs) -> None:
    failures = iter([TransientError("the store is away"), TransientError("still")])

    async def ending(_c: Connection, _run: JobRun, _error: PermanentError) -> None:
        for failure in failures:
            raise failure

    job_id = await jobs.put()
    async with jobs.working(Kind([Flaky(9, PermanentError("no")).work], ending=ending)):
        await jobs.ended(job_id)
    assert await jobs.said(job_id) == ["failed INTERNAL no never"]


@dataclass
class Careful(Kind):
    """A kind that puts its half-done work back, with an engine that is away at first."""

    put_back_for: list[str] = field(default_factory=list)

    async def put_back(self, run: JobRun, error: PermanentError) -> None:
        """See PutsBack."""
        await run.progress(documents_done=len(self.put_back_for))
        self.put_back_for.append(error.reason)
        if len(self.put_back_for) == 1:
            raise TransientError("the store is away")


async def test_half_done_work_is_put_back_before_the_failure_is_said(jobs: Jobs) -> None:
    kind = Careful([Flaky(9, PermanentError("no")).work])
    job_id = await jobs.put()
    async with jobs.working(kind):
        await jobs.ended(job_id)
    assert kind.put_back_for == ["no", "no"]
    assert await jobs.said(job_id) == ["failed INTERNAL no never"]


async def test_half_done_work_of_a_cancelled_job_is_put_back_too(jobs: Jobs) -> None:
    kind = Careful([wait_for_ever])
    job_id = await jobs.put()
    async with jobs.working(kind):
        await eventually(lambda: _has_state(jobs, job_id, "running"))
        assert await jobs.cancel(job_id)
        await jobs.ended(job_id)
    assert kind.put_back_for == ["cancelled by user:ada"] * 2


async def test_what_a_failed_transaction_said_on_the_way_was_not_said(jobs: Jobs) -> None:
    async def begin_and_fail(run: JobRun) -> None:
        async with run.transaction() as c:
            await say(c, run, "started")
            if run.attempt == 1:
                raise TransientError("not now")

    job_id = await jobs.put()
    async with jobs.working(Kind([begin_and_fail])):
        await jobs.ended(job_id)
    assert await jobs.said(job_id) == ["started", "completed"]


async def test_a_job_that_waits_is_cancelled_even_while_its_worker_is_full(jobs: Jobs) -> None:
    busy = Kind([wait_for_ever])
    running = await jobs.put()
    async with jobs.working(busy, QUICK.model_copy(update={"capacity": 1})):
        await eventually(lambda: _has_state(jobs, running, "running"))
        waiting, held = await jobs.put(), await jobs.put(held_by="restore:1")
        assert await jobs.cancel(waiting)
        assert await jobs.cancel(held, by="user:bob")
        await jobs.ended(waiting, held)
    assert await jobs.said(waiting) == ["failed CANCELLED cancelled by user:ada never"]
    assert await jobs.said(held) == ["failed CANCELLED cancelled by user:bob never"]
    assert len(busy.runs) == 1


async def test_a_running_job_is_cancelled_at_once_and_its_children_end(jobs: Jobs) -> None:
    child = asyncio.get_running_loop().create_future()

    async def run_a_child(run: JobRun) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "import time; time.sleep(600)", start_new_session=True
        )
        with run.children.group(process.pid):
            child.set_result(process.pid)
            await process.wait()

    job_id = await jobs.put()
    slow_beats = QUICK.model_copy(update={"lease_seconds": 60.0, "heartbeat_seconds": 30.0})
    async with jobs.working(Kind([run_a_child]), slow_beats):
        pid = await child
        assert await jobs.cancel(job_id)
        await jobs.ended(job_id)
    assert not psutil.pid_exists(pid)
    assert await jobs.said(job_id) == ["failed CANCELLED cancelled by user:ada never"]


async def test_a_job_beyond_its_point_of_no_return_goes_to_its_end(jobs: Jobs) -> None:
    beyond, go_on = asyncio.Event(), asyncio.Event()

    async def switch(run: JobRun) -> None:
        await run.refuse_cancel()
        beyond.set()
        await go_on.wait()

    job_id = await jobs.put()
    async with jobs.working(Kind([switch])):
        await beyond.wait()
        assert not await jobs.cancel(job_id)
        go_on.set()
        await jobs.ended(job_id)
    assert await jobs.said(job_id) == ["completed"]
    assert not await jobs.cancel(job_id)


async def test_a_cancellation_that_came_first_stops_at_the_point_of_no_return(jobs: Jobs) -> None:
    job_id = await jobs.put()
    lease, leases = await take(jobs)
    assert await jobs.cancel(job_id)
    with pytest.raises(JobCancelledError, match="user:ada"):
        await leases.refuse_cancel(lease)


async def test_an_attempt_that_moves_nothing_ends_and_is_tried_again(jobs: Jobs) -> None:
    async def hang_once(run: JobRun) -> None:
        if run.attempt == 1:
            await asyncio.Event().wait()

    kind = Kind([hang_once])
    job_id = await jobs.put()
    async with jobs.working(kind, QUICK.model_copy(update={"no_progress_seconds": 3.0})):
        await jobs.ended(job_id)
    assert [run.attempt for run in kind.runs] == [1, 2]
    assert await jobs.said(job_id) == ["completed"]


async def test_an_attempt_that_moves_may_take_as_long_as_it_needs(jobs: Jobs) -> None:
    async def move_slowly(run: JobRun) -> None:
        for number in range(80):
            await run.progress(bytes_done=number)
            await asyncio.sleep(0.05)

    kind = Kind([move_slowly])
    job_id = await jobs.put()
    async with jobs.working(kind, QUICK.model_copy(update={"no_progress_seconds": 3.0})):
        await jobs.ended(job_id)
    assert len(kind.runs) == 1


async def test_saying_the_same_number_again_is_no_progress(jobs: Jobs) -> None:
    async def pretend(run: JobRun) -> None:
        while run.attempt == 1:
            await run.progress(bytes_done=7)
            await asyncio.sleep(0.02)

    kind = Kind([pretend])
    job_id = await jobs.put()
    async with jobs.working(kind, QUICK.model_copy(update={"no_progress_seconds": 3.0})):
        await jobs.ended(job_id)
    assert len(kind.runs) == 2


async def test_a_worker_that_ends_hands_its_jobs_back_at_once_without_counting_the_attempt(jobs: Jobs) -> None:
    first, second = Kind([wait_for_ever]), Kind([nothing])
    job_id = await jobs.put()
    long_lease = QUICK.model_copy(update={"lease_seconds": 600.0, "heartbeat_seconds": 60.0})
    async with jobs.working(first, long_lease):
        await eventually(lambda: _has_state(jobs, job_id, "running"))
    assert await jobs.state(job_id) == "waiting"
    async with jobs.working(second):
        await jobs.ended(job_id)
    assert [(run.attempt, run.epoch) for run in (*first.runs, *second.runs)] == [(1, 1), (1, 2)]


async def test_a_worker_goes_on_after_its_sessions_were_ended(jobs: Jobs) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def work(_run: JobRun) -> None:
        begun.set()
        await go_on.wait()

    kind = Kind([work])
    job_id = await jobs.put()
    async with jobs.working(kind):
        await begun.wait()
        async with jobs.database.transaction() as c:
            await c.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND usename = 'snapshot' AND pid <> pg_backend_pid()"
            )
        go_on.set()
        later = await jobs.put()
        await jobs.ended(job_id, later)
    assert await jobs.said(job_id) == ["completed"]
    assert await jobs.said(later) == ["completed"]


async def test_an_old_epoch_may_change_nothing_more(jobs: Jobs) -> None:
    job_id = await jobs.put()
    old, leases = await take(jobs)
    await jobs.expire(job_id)
    new, _ = await take(jobs)
    assert (old.epoch, new.epoch, new.attempt) == (1, 2, 2)
    await leases.try_later(old, TransientError("old"), 0)
    await leases.hand_back(old)
    for change in (
        leases.keep(old, moved=True),
        leases.remember(old, {"old": True}),
        leases.refuse_cancel(old),
        _say_in(leases, old),
    ):
        with pytest.raises(LeaseLostError):
            await change
    assert (await leases.keep(new, moved=True)).cancelled_by is None
    async with leases.ending(new):
        pass
    assert await jobs.said(job_id) == []
    with pytest.raises(LeaseLostError):
        await _say_in(leases, new)


async def test_a_job_whose_workers_all_vanish_ends_after_its_tries(jobs: Jobs) -> None:
    job_id = await jobs.put()
    for _ in range(QUICK.tries):
        await take(jobs)
        await jobs.expire(job_id)
    kind = Kind()
    async with jobs.working(kind):
        await jobs.ended(job_id)
    assert kind.runs == []
    assert await jobs.said(job_id) == ["failed INTERNAL its worker was not heard of any more (tried 5 times) again"]


async def _say_in(leases: Leases, lease: Lease) -> None:
    async with leases.ending(lease) as c:
        await c.execute("INSERT INTO said (job_id, what) VALUES ($1, 'too late')", lease.job_id)


async def _has_state(jobs: Jobs, job_id: UUID, state: str) -> bool:
    return await jobs.state(job_id) == state


class SlowEnd(Kind):
    """Holds its row for some heartbeats while it ends."""

    async def _finish(self, run: JobRun) -> None:
        async with run.finish() as c:
            await say(c, run, "completed")
            await c.execute("SELECT pg_sleep($1)", 3 * QUICK.heartbeat_seconds)


async def test_a_heartbeat_that_meets_the_end_of_its_own_job_is_no_loss(jobs: Jobs) -> None:
    """A beat waits on the row that is being ended, and hears of the end before the work does."""
    kind = SlowEnd()
    job_ids = [await jobs.put() for _ in range(6)]
    with structlog.testing.capture_logs() as lines:
        async with jobs.working(kind):
            await jobs.ended(*job_ids)
            await eventually(lambda: _count(lines, len(job_ids)))
    assert [line["outcome"] for line in lines if line["event"] == "job"] == ["completed"] * len(job_ids)


async def _count(lines: Sequence[MutableMapping[str, Any]], wanted: int) -> bool:
    return sum(1 for line in lines if line["event"] == "job") >= wanted
