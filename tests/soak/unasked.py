"""Work that nobody asks for, but the clock: nights and expiries; see `tests.soak.works`."""

from collections.abc import AsyncGenerator
from datetime import date, timedelta
from uuid import UUID

from contracts.slot_times import Nights
from contracts.states import BackupState, SlotState
from contracts.values import CloudVersion, Region
from tests.soak.works import WITHIN_SECONDS, until_known
from tests.soak.world import World
from tests.support.eventually import eventually
from tests.support.script import Seen


async def night(world: World) -> AsyncGenerator[None, None]:
    """A slot of an app that runs: one backup is asked for, and taken."""
    production = world.environments["production"]
    await world.caller.change(world.gateway.start, production)
    slot = Nights(Region.EUROPE, CloudVersion.V4, None).next_after(world.clock.now())
    await _of_slot(world, "SlotPlanned", slot.slot_date)
    held = await world.held("production")
    yield
    world.clock.to(slot.due_at + timedelta(seconds=1))
    ended = await _of_slot(world, "SlotEnded", slot.slot_date)
    await world.caller.change(world.gateway.stop, production)
    assert ended.data["state"] == SlotState.COMPLETED, ended.data
    asked = [one for one in _seen(world, "BackupRequested", slot.slot_date) if one.data["slot"]]  # not those of people
    assert len({one.headers["ce_id"] for one in asked}) == 1
    world.contents[UUID(ended.data["backup_id"])] = held


async def expiry(world: World) -> AsyncGenerator[None, None]:
    """The older of two backups is let go when its time is over."""
    older = await world.backed_up("acceptance")
    await world.backed_up("acceptance")
    yield
    assert older.expires_at is not None
    world.clock.to(max(older.expires_at, world.clock.now()) + timedelta(seconds=1))
    query = f"SELECT state FROM retention.backup WHERE backup_id = '{older.backup_id}'"  # noqa: S608 -- an id
    await until_known(world, query, BackupState.EXPIRED, minutes=11)
    await world.told_once("BackupExpired", older.backup_id)


def _seen(world: World, name: str, day: date) -> list[Seen]:
    about = {"environment_id": str(world.environments["production"]), "slot_date": str(day)}
    return [one for one in world.script.seen if one.name == name and about.items() <= one.data.items()]


async def _of_slot(world: World, name: str, day: date) -> Seen:
    async def look() -> list[Seen]:
        return _seen(world, name, day)

    return (await eventually(look, within_seconds=WITHIN_SECONDS))[0]
