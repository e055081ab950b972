"""The nightly schedule by its front door: a real catalog, the log, and a clock that is moved (spec: retention §1)."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from contracts.codec import RawRecord
from contracts.slot_times import SlotTime
from contracts.states import SlotState
from contracts.values import Region, Schedule, UtcSchedule, WallClockSchedule
from tests.support.databases import execute
from tests.support.eventually import eventually
from tests.support.nights import PATIENCE_SECONDS, Place, Stage
from tests.support.script import Seen


async def sent(stage: Stage, place: Place, count: int) -> list[RawRecord]:
    """The commands about a place's nights, once there are so many."""

    async def look() -> list[RawRecord] | None:
        found = [one for one in await stage.commands("RequestBackup") if _names(one, place)]
        return found if len(found) >= count else None

    seen = await eventually(look, within_seconds=PATIENCE_SECONDS)
    assert seen is not None
    return seen


async def asked_for_night(stage: Stage, place: Place) -> tuple[SlotTime, Seen]:
    """Move the clock over the place's next night; the slot, and the request of its backup."""
    slot = await stage.night(place)
    return slot, await stage.requested(place, slot)


@pytest.mark.parametrize(
    ("region", "schedule"),
    [
        (Region.EUROPE, None),
        (Region.US_EAST, None),
        (Region.ASIA_PACIFIC, None),
        (Region.EUROPE, UtcSchedule(at="23:30")),
        (Region.EUROPE, WallClockSchedule(at="00:45", zone="Asia/Kathmandu")),
    ],
)
async def test_a_night_is_planned_asked_for_at_its_time_and_ends_with_a_backup(
    stage: Stage, region: Region, schedule: Schedule | None
) -> None:
    place = await stage.register(region=region, schedule=schedule)
    slot, requested = await asked_for_night(stage, place)
    ended = await stage.ended(place, slot.slot_date)
    await stage.planned(place, place.next_slot(slot.due_at).slot_date)
    assert [seen.name for seen in stage.said(place, slot.slot_date)] == ["SlotPlanned", "SlotEnded"]
    planned = stage.said(place, slot.slot_date)[0].data
    assert datetime.fromisoformat(planned["due_at"]) == slot.due_at
    assert planned["calendar_offset"] == slot.calendar_offset
    assert (ended.state, ended.late, str(ended.backup_id)) == (SlotState.COMPLETED, False, requested.data["backup_id"])
    assert [(one.number, one.reason) for one in ended.tries] == [(1, None)]
    told = requested.data
    assert (told["kind"], told["created_by"], told["comment"]) == ("nightly", "Nightly", "Nightly backup")
    assert (told["slot_date"], told["calendar_offset"]) == (str(slot.slot_date), slot.calendar_offset)


async def test_a_failed_night_is_tried_two_more_times_and_each_try_is_a_backup_of_its_own(stage: Stage) -> None:
    place = await stage.register()
    slot = place.next_slot(stage.clock.now())
    stage.quick.fail_nights((place.environment_id, slot.slot_date))
    await stage.night(place)
    for number, minutes in ((1, 5), (2, 15)):
        await stage.told(
            "BackupFailed", place.environment_id, backup_id=_backup(await stage.requested(place, slot, number))
        )
        assert len(stage.requests(place, slot.slot_date)) == number
        stage.clock.on(minutes=minutes, seconds=1)
    await stage.requested(place, slot, 3)
    ended = await stage.ended(place, slot.slot_date)
    requests = stage.requests(place, slot.slot_date)
    assert (ended.state, ended.backup_id, ended.late) == (SlotState.FAILED, None, False)
    assert [str(one.backup_id) for one in ended.tries] == [_backup(seen) for seen in requests]
    assert len({_backup(seen) for seen in requests}) == len({seen.data["created_at"] for seen in requests}) == 3
    assert {seen.data["slot_date"] for seen in requests} == {str(slot.slot_date)}


async def test_a_second_try_that_goes_well_completes_the_slot(stage: Stage) -> None:
    place = await stage.register()
    slot = place.next_slot(stage.clock.now())
    stage.quick.fail_nights((place.environment_id, slot.slot_date))
    await stage.night(place)
    await stage.told("BackupFailed", place.environment_id)
    stage.quick.fail_nights()
    stage.clock.on(minutes=5, seconds=1)
    ended = await stage.ended(place, slot.slot_date)
    assert (ended.state, len(ended.tries)) == (SlotState.COMPLETED, 2)
    assert str(ended.backup_id) == _backup(await stage.requested(place, slot, 2))


async def test_a_night_is_skipped_with_the_reason_while_the_app_is_not_deployed_or_not_running(stage: Stage) -> None:
    place = await stage.register(runs=False)
    first = await stage.night(place)
    not_deployed = await stage.ended(place, first.slot_date)
    await stage.shop.ask("DeployPackage", environment_id=place.environment_id, model_version="7.1.0")
    second = await stage.night(place)
    stopped = await stage.ended(place, second.slot_date)
    await stage.shop.ask("StartEnvironment", environment_id=place.environment_id)
    third = await stage.night(place)
    running = await stage.ended(place, third.slot_date)
    assert [one.state for one in (not_deployed, stopped, running)] == ["skipped", "skipped", "completed"]
    assert "deploy" in not_deployed.reason
    assert "does not run" in stopped.reason
    assert stage.requests(place, first.slot_date) == stage.requests(place, second.slot_date) == []


async def test_a_night_is_skipped_while_a_restore_is_under_way(stage: Stage) -> None:
    place = await stage.register()
    first = await stage.night(place)
    backup_id = (await stage.ended(place, first.slot_date)).backup_id
    assert backup_id is not None
    await stage.shop.ask("StopEnvironment", environment_id=place.environment_id)
    await stage.shop.restore(backup_id, place.environment_id)
    second = await stage.night(place)
    ended = await stage.ended(place, second.slot_date)
    assert ended.state is SlotState.SKIPPED
    assert "does not run" in ended.reason  # a restore needs the app to be stopped, and it cannot be started meanwhile


async def test_a_night_of_an_environment_whose_check_never_passed_is_skipped_and_says_so(stage: Stage) -> None:
    place = await stage.register(sound=False)
    slot = await stage.night(place)
    ended = await stage.ended(place, slot.slot_date)
    assert ended.state is SlotState.SKIPPED
    assert "check" in ended.reason


async def test_two_schedulers_at_once_give_one_backup_per_slot(stage: Stage) -> None:
    async with stage.running():
        places = [await stage.register() for _ in range(5)]
        for _ in range(3):
            for place in places:
                await stage.planned(place, place.next_slot(stage.clock.now()).slot_date)
            slot = await stage.night(places[0])
            for place in places:
                assert (await stage.ended(place, slot.slot_date)).state is SlotState.COMPLETED
                assert len(stage.requests(place, slot.slot_date)) == 1
                assert [seen.name for seen in stage.said(place, slot.slot_date)] == ["SlotPlanned", "SlotEnded"]


async def test_a_clock_that_goes_back_repeats_no_night(stage: Stage) -> None:
    place = await stage.register()
    slot, _ = await asked_for_night(stage, place)
    await stage.ended(place, slot.slot_date)
    here = stage.clock.now()
    stage.clock.on(hours=-6)
    other = await stage.register()
    stage.clock.to(here)
    following = await stage.night(place)
    assert (await stage.ended(place, following.slot_date)).state is SlotState.COMPLETED
    assert (await stage.ended(other, following.slot_date)).state is SlotState.COMPLETED
    assert len(stage.requests(place, slot.slot_date)) == 1
    assert len(stage.requests(place, following.slot_date)) == 1


async def test_a_clock_that_jumps_forwards_misses_nights_and_runs_the_newest_once(stage: Stage) -> None:
    place = await stage.register()
    first = place.next_slot(stage.clock.now())
    await stage.planned(place, first.slot_date)
    stage.clock.on(days=10)
    newest = _newest_overdue(stage, place, first)
    assert (await stage.ended(place, newest.slot_date)).state is SlotState.COMPLETED
    assert _ends(stage, place) == ["missed"] * (newest.slot_date - first.slot_date).days + ["completed"]


async def test_a_clock_that_jumps_far_stops_the_schedule_until_a_person_says_that_it_is_right(stage: Stage) -> None:
    place = await stage.register()
    first = place.next_slot(stage.clock.now())
    await stage.planned(place, first.slot_date)
    stage.clock.on(days=40)
    stopped = (await stage.told("ScheduleStopped", place.environment_id)).data
    assert datetime.fromisoformat(stopped["waiting_since"]) == first.due_at
    assert (stopped["overdue_count"], stopped["cap_count"]) == (40, 14)
    other = await stage.register()
    await stage.night(other)
    assert _ends(stage, place) == []
    ids = {"environment_id": place.environment_id}
    refused = await stage.shop.ask("ApproveSchedule", **ids, stop_id=uuid4())
    assert (refused.data["code"], refused.data["field"]) == ("INVALID_STATE", "stop_id")
    approved = await stage.shop.ask("ApproveSchedule", **ids, stop_id=stopped["stop_id"])
    assert approved.name == "ScheduleApproved"
    newest = _newest_overdue(stage, place, first)
    assert (await stage.ended(place, newest.slot_date)).state is SlotState.COMPLETED
    assert _ends(stage, place) == ["missed"] * (newest.slot_date - first.slot_date).days + ["completed"]
    assert "ScheduleResumed" not in {seen.name for seen in stage.script.seen if _about(seen, place)}


async def test_a_clock_that_jumps_far_and_back_costs_no_night(stage: Stage) -> None:
    place = await stage.register()
    first = place.next_slot(stage.clock.now())
    await stage.planned(place, first.slot_date)
    here = stage.clock.now()
    stage.clock.on(days=400)
    stopped = (await stage.told("ScheduleStopped", place.environment_id)).data
    stage.clock.to(here)
    await stage.told("ScheduleResumed", place.environment_id, stop_id=stopped["stop_id"])
    await stage.night(place)
    assert (await stage.ended(place, first.slot_date)).state is SlotState.COMPLETED
    assert _ends(stage, place) == ["completed"]
    assert [seen.name for seen in stage.script.seen if _about(seen, place)].count("ScheduleStopped") == 1


async def test_another_schedule_moves_the_slot_that_has_not_fired(stage: Stage) -> None:
    place = await stage.register()
    slot = place.next_slot(stage.clock.now())
    await stage.planned(place, slot.slot_date)
    later = UtcSchedule(at="21:30")
    stage.clock.to(slot.due_at - timedelta(hours=1))
    await stage.shop.ask("UpdateEnvironment", environment_id=place.environment_id, schedule=later.model_dump())
    at_half_past_nine = slot.due_at.replace(hour=21, minute=30)
    await stage.told("SlotPlanned", place.environment_id, slot_date=slot.slot_date, due_at=_text(at_half_past_nine))
    stage.clock.to(slot.due_at + timedelta(minutes=1))
    other = await stage.register()
    await stage.planned(other, other.next_slot(stage.clock.now()).slot_date)
    assert stage.requests(place, slot.slot_date) == []
    stage.clock.to(at_half_past_nine + timedelta(seconds=1))
    ended = await stage.ended(place, slot.slot_date)
    assert (ended.state, ended.due_at, ended.late) == (SlotState.COMPLETED, at_half_past_nine, False)


async def test_another_schedule_after_the_firing_counts_from_the_next_date_on(stage: Stage) -> None:
    place = await stage.register()
    slot, _ = await asked_for_night(stage, place)
    await stage.ended(place, slot.slot_date)
    later = UtcSchedule(at="21:30")
    await stage.shop.ask("UpdateEnvironment", environment_id=place.environment_id, schedule=later.model_dump())
    tomorrow = slot.slot_date + timedelta(days=1)
    due_at = (slot.due_at + timedelta(days=1)).replace(hour=21, minute=30)
    await stage.told("SlotPlanned", place.environment_id, slot_date=tomorrow, due_at=_text(due_at))
    stage.clock.to(due_at + timedelta(seconds=1))
    assert (await stage.ended(place, tomorrow)).state is SlotState.COMPLETED
    assert len(stage.requests(place, slot.slot_date)) == 1
    assert len(stage.requests(place, tomorrow)) == 1


async def test_a_removed_environment_has_no_more_nights(stage: Stage) -> None:
    place, other = await stage.register(), await stage.register()
    slot = place.next_slot(stage.clock.now())
    await stage.planned(place, slot.slot_date)
    assert (await stage.shop.ask("RemoveEnvironment", environment_id=place.environment_id)).name == "EnvironmentRemoved"
    ended = await stage.ended(place, slot.slot_date)
    await stage.night(other)
    await stage.ended(other, slot.slot_date)
    assert (ended.state, ended.reason) == (SlotState.SKIPPED, "the environment was removed")
    assert stage.requests(place, slot.slot_date) == []
    days = {seen.data["slot_date"] for seen in stage.script.seen if _about(seen, place) and seen.name == "SlotPlanned"}
    assert days == {str(slot.slot_date)}


async def test_a_command_without_an_outcome_is_sent_again_under_its_id(stage: Stage) -> None:
    place = await stage.register()
    stage.platform.services["catalog"].end()
    slot = await stage.night(place)

    first = await sent(stage, place, 1)
    execute(stage.settings.postgres, "UPDATE open_slot SET sent_at = sent_at - interval '1 hour'")
    again = await sent(stage, place, 2)
    assert first[0] == again[0] == again[1]
    await stage.platform.start("catalog")
    assert (await stage.ended(place, slot.slot_date)).state is SlotState.COMPLETED
    assert len(stage.requests(place, slot.slot_date)) == 1


def _newest_overdue(stage: Stage, place: Place, newest: SlotTime) -> SlotTime:
    while (following := place.next_slot(newest.due_at)).due_at <= stage.clock.now():
        newest = following
    return newest


def _ends(stage: Stage, place: Place) -> list[str]:
    return [seen.data["state"] for seen in stage.script.seen if seen.name == "SlotEnded" and _about(seen, place)]


def _backup(seen: Seen) -> str:
    return str(seen.data["backup_id"])


def _about(seen: Seen, place: Place) -> bool:
    return bool(seen.data.get("environment_id") == str(place.environment_id))


def _names(record: RawRecord, place: Place) -> bool:
    return str(place.environment_id).encode() in (record.value or b"")


def _text(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
