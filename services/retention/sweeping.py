"""The sweep: asks the catalog to let go what is due, in pages of environments, and never for too much at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

from prometheus_client import Counter, Histogram

from contracts.events.retention import SweepResumed, SweepStopped
from services.platform.database import Connection, load_queries
from services.platform.process.ids import NewId, random_id
from services.platform.process.logging import unit_of_work
from services.platform.process.retry import until_done
from services.platform.process.settings import RetentionSettings
from services.retention.asking import Asking
from services.retention.chores import Chores
from services.retention.domain.cap import Cap, Standing, Verdict, judge, sweep_of
from services.retention.domain.messages import own_cause
from services.retention.parts import Parts

PAGE: Final = 200
"""Environments judged in one transaction: their rows are locked, and whoever follows the log must not wait long."""
EXAMPLES: Final = 5
"""Backups that a stopped sweep names: enough to see what is going on."""
BEFORE_ALL: Final = UUID(int=0)

SECONDS = Histogram("nightkeep_retention_sweep_seconds", "How long sweeps take")
ASKED = Counter("nightkeep_retention_asked", "Backups that sweeps asked for")
STOPPED = Counter("nightkeep_retention_stopped", "Sweeps of an environment that stopped at their cap")
queries = load_queries("services.retention")


@dataclass
class Swept:
    """What a sweep did: environments judged, backups asked for, sweeps stopped, jobs put."""

    judged: int = 0
    asked: int = 0
    stopped: int = 0
    jobs: int = 0


@dataclass(frozen=True)
class _Judged:
    """An environment of a page, and what becomes of it."""

    standing: Standing
    key: str
    verdict: Verdict


class Sweep:
    """`now()` is one sweep of everything. Repeated, it finds nothing more to do; two at once do the work of one."""

    def __init__(
        self, parts: Parts, asking: Asking, chores: Chores, settings: RetentionSettings, *, new_id: NewId = random_id
    ) -> None:
        self._parts = parts
        self._asking = asking
        self._chores = chores
        self._cap = Cap(settings.cap_count, settings.cap_share)
        self._new_id = new_id

    async def now(self) -> Swept:
        """Ask for what is due by the business clock, and put what work on bytes has come due. One log line.

        Memory does not grow with the number of backups or environments.
        """
        run_id, at, swept = self._new_id(), self._parts.clock.now(), Swept()
        with unit_of_work("sweep", run_id=str(run_id), judged_at=at.isoformat()) as line, SECONDS.time():
            await self._ask(run_id, at, swept)
            swept.jobs = await self._chores.put(at)
            line.update(vars(swept), sent=await self._asking.send())
        ASKED.inc(swept.asked)
        STOPPED.inc(swept.stopped)
        return swept

    async def _ask(self, run_id: UUID, at: datetime, swept: Swept) -> None:
        after = BEFORE_ALL
        while True:
            judged, asked = await until_done("judge a page", partial(self._page, run_id, at, after))
            swept.judged += len(judged)
            swept.asked += asked
            swept.stopped += sum(one.verdict.stops_now for one in judged)
            if len(judged) < PAGE:
                return
            after = judged[-1].standing.environment_id

    async def _page(self, run_id: UUID, at: datetime, after: UUID) -> tuple[list[_Judged], int]:
        """The next environments with something to judge, and how many of their backups were asked for."""
        async with self._parts.database.transaction() as c:
            next_ones = queries.lock_environments(c, now=at, after=after, page=PAGE)
            ids = [row["environment_id"] async for row in next_ones]
            standings = queries.standings(c, environment_ids=ids, now=at, cap_count=self._cap.count)
            judged = [self._judge(row, run_id, at) async for row in standings]
            for one in judged:
                if one.verdict.stops_now:
                    await self._say_stopped(c, one, at)
                if one.verdict.resumes_sweep_id:
                    await self._say_resumed(c, one.verdict.resumes_sweep_id, one, at)
            asked = await _mark_asked(c, judged, run_id, at)
            await _note(c, judged, at)
        return judged, asked

    def _judge(self, row: Any, run_id: UUID, at: datetime) -> _Judged:  # noqa: ANN401 -- a row of the driver
        fields = dict(row)
        key = fields.pop("key")
        standing = Standing(**fields)
        return _Judged(standing, key, judge(standing, self._cap, sweep_of(run_id, standing.environment_id), at))

    async def _say_stopped(self, c: Connection, one: _Judged, at: datetime) -> None:
        standing, sweep_id = one.standing, one.verdict.stopped_sweep_id
        assert sweep_id is not None  # noqa: S101 -- a sweep that stops has an id
        examples = queries.first_due(
            c,
            environment_id=standing.environment_id,
            now=at,
            approved_until=standing.approved_until,
            count=EXAMPLES,
        )
        stopped = SweepStopped(
            sweep_id=sweep_id,
            environment_id=standing.environment_id,
            stopped_at=at,
            due_count=standing.due_count - standing.approved_count,
            backup_count=standing.backup_count,
            cap_count=self._cap.count,
            cap_share=self._cap.share,
            examples=tuple([row["backup_id"] async for row in examples]),
            held_count=standing.held_count,
        )
        await self._parts.say(c, "sweep", sweep_id, stopped, own_cause(sweep_id), one.key)

    async def _say_resumed(self, c: Connection, sweep_id: UUID, one: _Judged, at: datetime) -> None:
        resumed = SweepResumed(sweep_id=sweep_id, environment_id=one.standing.environment_id, resumed_at=at)
        await self._parts.say(c, "sweep", sweep_id, resumed, own_cause(sweep_id), one.key)


async def _mark_asked(c: Connection, judged: Sequence[_Judged], run_id: UUID, at: datetime) -> int:
    asking = [one for one in judged if one.verdict.ask_until]
    ids = [one.standing.environment_id for one in asking]
    count: int = await queries.ask(
        c,
        environment_ids=ids,
        sweep_ids=[sweep_of(run_id, environment_id) for environment_id in ids],
        untils=[one.verdict.ask_until for one in asking],
        mosts=[one.standing.due_count + one.standing.held_count for one in asking],
        now=at,
    )
    return count


async def _note(c: Connection, judged: Sequence[_Judged], at: datetime) -> None:
    """Remember which sweeps stand stopped, for which environments that is news."""
    news = [one for one in judged if one.verdict.stops_now or one.verdict.stopped_sweep_id is None]
    await queries.note_standings(
        c,
        environment_ids=[one.standing.environment_id for one in news],
        sweep_ids=[one.verdict.stopped_sweep_id for one in news],
        stopped_ats=[at if one.verdict.stops_now else None for one in news],
    )
