"""Looks at the environments whose next slot is due, or about which something changed, many in one transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import uuid5

from contracts.envelope import Cause
from contracts.events.slots import ScheduleResumed, ScheduleStopped, SlotEnded
from contracts.slot_times import Nights
from services.platform.database import Connection
from services.platform.environments import Environment, find_many
from services.platform.eventstore.store import Append, EventStore
from services.snapshot.domain.planning import Look, last_look, look_or_stop
from services.snapshot.domain.stopping import CLOCKS_APART
from services.snapshot.nights.rows import (
    ACTOR,
    Keyed,
    Night,
    put_open,
    put_planned,
    queries,
    schedule_stream,
    slot_stream,
)

Looked = Sequence[tuple[Night, Look]]
AT_ONCE: Final = 200
"""Environments in one transaction: few enough that encoding their events does not hold up the service's other work."""


async def look_at_due(c: Connection, events: EventStore, now: datetime) -> Looked:
    """Look at up to AT_ONCE environments and write what that leads to."""
    nights = [Night.of(row) async for row in queries.to_look_at(c, now=now, most=AT_ONCE)]
    looked = await _look_at(c, nights, now) if nights else []
    if looked:
        await _write(c, events, looked, now)
    if len(nights) < AT_ONCE:
        await queries.note_clocks(c, now=now)
    return looked


async def _look_at(c: Connection, nights: Sequence[Night], now: datetime) -> Looked:
    environments = await find_many(c, [night.environment_id for night in nights])
    agree = bool(await queries.clocks_agree(c, now=now, within_seconds=CLOCKS_APART.total_seconds()))
    return [(one, _look(one, environments.get(one.environment_id), now, clocks_agree=agree)) for one in nights]


def ends_of(looked: Looked) -> list[SlotEnded]:
    """The slots that ended without having fired."""
    return [body for _, one in looked for bodies in one.said.values() for body in bodies if isinstance(body, SlotEnded)]


def _look(night: Night, environment: Environment | None, now: datetime, *, clocks_agree: bool) -> Look:
    if environment is None:
        return last_look(night.environment_id, night.planned, now=now)
    nights = Nights(environment.region, environment.cloud_version, environment.schedule)
    return look_or_stop(
        night.environment_id,
        nights,
        night.planned,
        night.stop,
        since=night.known_since,
        now=now,
        clocks_agree=clocks_agree,
    )


async def _write(c: Connection, events: EventStore, looked: Looked, now: datetime) -> None:
    going = [pair for pair in looked if not pair[1].is_stopped]
    await put_planned(c, {night.environment_id: one.planned for night, one in going if one.planned})
    await put_open(c, [Keyed(one.fires, night.key) for night, one in looked if one.fires])
    gone = [night.environment_id for night, one in looked if one.planned is None]
    await queries.expect_no_more(c, environment_ids=gone)
    await _note_stops(c, looked, now)
    await events.append_all(c, [one for pair in looked for one in await _appends(c, events, *pair)], now=now)


async def _note_stops(c: Connection, looked: Looked, now: datetime) -> None:
    news = [one.schedule for _, one in looked if isinstance(one.schedule, ScheduleStopped)]
    if news:
        ids = [one.environment_id for one in news]
        await queries.stop(c, environment_ids=ids, stop_ids=[one.stop_id for one in news], now=now)
    if stopped := [night.environment_id for night, one in looked if one.is_stopped]:
        await queries.leave_stopped(c, environment_ids=stopped)
    if going := [night.environment_id for night, one in looked if night.stop.stop_id and not one.is_stopped]:
        await queries.go_on(c, environment_ids=going)


async def _appends(c: Connection, events: EventStore, night: Night, one: Look) -> list[Append]:
    """Only the slot that waited, and a stop that is over, have a stream already."""
    appends = []
    if one.schedule:
        cause = Cause(one.schedule.stop_id, one.schedule.stop_id, ACTOR)
        name, after = schedule_stream(one.schedule.stop_id), int(isinstance(one.schedule, ScheduleResumed))
        appends.append(Append(name, (one.schedule,), cause, night.key, after=after))
    for day, bodies in one.said.items():
        name = slot_stream(night.environment_id, day)
        began_before = night.planned is not None and night.planned.slot_date == day
        after = await events.last_sequence(c, name) if began_before else 0
        slot_id = uuid5(night.environment_id, f"nightly {day.isoformat()}")
        appends.append(Append(name, bodies, Cause(slot_id, slot_id, ACTOR), night.key, after=after))
    return appends
