"""A scheduler that was down at the time of a night (spec: retention §1)."""

from dataclasses import replace
from datetime import datetime, timedelta

from contracts.states import SlotState
from services.platform.database import Database
from tests.support.nights import Stage


async def test_a_scheduler_that_was_down_runs_the_newest_slot_late_and_the_older_ones_are_missed(
    quiet_stage: Stage,
) -> None:
    async with quiet_stage.running():
        place = await quiet_stage.register()
        first = place.next_slot(quiet_stage.clock.now())
        await quiet_stage.planned(place, first.slot_date)
    second = place.next_slot(first.due_at)
    third = place.next_slot(second.due_at)
    quiet_stage.clock.to(third.due_at + timedelta(hours=1))
    async with quiet_stage.running():
        requested = await quiet_stage.requested(place, third)
        ended = [await quiet_stage.ended(place, slot.slot_date) for slot in (first, second, third)]
        await quiet_stage.planned(place, place.next_slot(third.due_at).slot_date)
    assert [one.state for one in ended] == ["missed", "missed", "completed"]
    assert [one.late for one in ended] == [False, False, True]
    assert requested.data["slot_date"] == str(third.slot_date)
    assert datetime.fromisoformat(requested.data["created_at"]) >= third.due_at + timedelta(hours=1)


async def test_after_weeks_without_a_scheduler_the_newest_slot_runs_and_nobody_is_asked(quiet_stage: Stage) -> None:
    """PostgreSQL's clock cannot be moved; that it tells of the same weeks is as if it had been so far behind before."""
    async with quiet_stage.running():
        place = await quiet_stage.register()
        first = place.next_slot(quiet_stage.clock.now())
        await quiet_stage.planned(place, first.slot_date)
    days = 40
    quiet_stage.clock.on(days=days)
    await _execute(quiet_stage, "UPDATE clocks SET ahead = ahead + interval '40 days'")
    newest = replace(first, slot_date=first.slot_date + timedelta(days=days - 1))
    async with quiet_stage.running():
        assert (await quiet_stage.ended(place, newest.slot_date)).late
    seen = [one for one in quiet_stage.script.seen if one.data.get("environment_id") == str(place.environment_id)]
    ends = [one.data["state"] for one in seen if one.name == "SlotEnded"]
    assert (ends, "ScheduleStopped" in {one.name for one in seen}) == (["missed"] * (days - 1) + ["completed"], False)


async def test_a_short_absence_is_not_late(quiet_stage: Stage) -> None:
    async with quiet_stage.running():
        place = await quiet_stage.register()
        slot = place.next_slot(quiet_stage.clock.now())
        await quiet_stage.planned(place, slot.slot_date)
    quiet_stage.clock.to(slot.due_at + timedelta(minutes=10))
    async with quiet_stage.running():
        ended = await quiet_stage.ended(place, slot.slot_date)
    assert (ended.state, ended.late) == (SlotState.COMPLETED, False)


async def _execute(stage: Stage, statement: str) -> None:
    database = await Database.open(stage.settings.postgres)
    try:
        async with database.transaction() as c:
            await c.execute(statement)
    finally:
        await database.close()
