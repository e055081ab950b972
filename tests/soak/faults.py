"""What may break, each put right again by itself: the dice say which is next."""

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable
from typing import Final

from tests.history.collecting import records
from tests.soak import restores, works
from tests.soak.engines import LIES, Engines
from tests.soak.itinerary import stops
from tests.soak.witness import places_of
from tests.soak.world import LEASE_SECONDS, World
from tests.support.full_database import no_room
from tests.support.main_job import SERVICES

STANDS_SECONDS: Final = 8
"""Longer than a lease here, and than Kafka's session."""
TOLD_AGAIN: Final = 40
"""Records that are put on a topic once more."""
MET_SECONDS: Final = 100.0
"""There is always somebody who stores something, but it may wait for another engine."""
NOT_MET: Final = "it did not come by"
"""How a fault ends that nobody came to meet within a while."""
COMES_SECONDS: Final = 8.0
PASSED: Final = (works.backup, works.restore, restores.undo, works.check)
"""The works that people at work do, too."""
Fault = Callable[[World, Engines, random.Random], Awaitable[str]]


async def a_service_is_killed(world: World, _engines: Engines, dice: random.Random) -> str:
    """Wherever it is."""
    name = dice.choice(SERVICES)
    await world.restart(name)
    return name


async def a_service_dies_at_a_seam(world: World, _engines: Engines, dice: random.Random) -> str:
    """Where the walk would kill it, if it comes by within a while."""
    stop = dice.choice([stop for stop in stops() if stop.work in PASSED])
    service = world.platform.services[stop.service]
    world.crash_file(stop.service).write_text(stop.point, encoding="utf-8")
    if await _until(lambda: service.process.poll() is not None, COMES_SECONDS):
        await world.restart(stop.service)
        return f"{stop.service} {stop.point}"
    world.crash_file(stop.service).unlink(missing_ok=True)
    await world.restart_dead()
    return f"{stop.service} {stop.point}: {NOT_MET}"


async def a_service_stands_still(world: World, _engines: Engines, dice: random.Random) -> str:
    """Its event loop and all that it does, until its lease and its place in Kafka's groups are gone; it goes on."""
    stop = dice.choice([stop for stop in stops() if stop.work in PASSED])
    crash_file = world.crash_file(stop.service)
    crash_file.write_text(f"stand {STANDS_SECONDS} {stop.point}", encoding="utf-8")
    if await _until(lambda: not crash_file.exists(), COMES_SECONDS):
        await asyncio.sleep(STANDS_SECONDS)
        return f"{stop.service} {stop.point}"
    crash_file.unlink(missing_ok=True)
    return f"{stop.service} {stop.point}: {NOT_MET}"


async def a_service_sleeps_past_its_lease(world: World, _engines: Engines, dice: random.Random) -> str:
    """Another life of the same service takes over, then the sleeper wakes up."""
    name = dice.choice([one for one in SERVICES if one != "gateway"])
    sleeper = world.platform.services[name]
    sleeper.process.send_signal(signal.SIGSTOP)
    try:
        await world.platform.start(name)
        await asyncio.sleep(LEASE_SECONDS + 1)
    finally:
        sleeper.process.send_signal(signal.SIGCONT)
    await asyncio.sleep(dice.uniform(1, 3))  # two at once
    await asyncio.to_thread(sleeper.end, dice.choice([signal.SIGTERM, signal.SIGKILL]))
    return name


async def a_service_is_told_to_end(world: World, _engines: Engines, dice: random.Random) -> str:
    """Politely, and started again."""
    name = dice.choice(SERVICES)
    await world.restart(name, signal.SIGTERM)
    return name


async def the_broker_is_frozen(_world: World, engines: Engines, dice: random.Random) -> str:
    """And answers late."""
    return await _frozen(engines.kafka.freeze, engines.kafka.thaw, dice.uniform(2, 10))


async def the_broker_is_killed(_world: World, engines: Engines, dice: random.Random) -> str:
    """And started again."""
    engines.kafka.kill()
    await asyncio.sleep(dice.uniform(0, 5))
    await asyncio.to_thread(engines.kafka.again)
    return ""


async def postgresql_is_killed(world: World, engines: Engines, dice: random.Random) -> str:
    """With all transactions that are under way; it recovers from its log."""
    engines.postgres.kill()
    await asyncio.sleep(dice.uniform(0, 3))
    await asyncio.to_thread(engines.postgres.again)
    await world.restart_dead()
    return ""


async def postgresql_is_frozen(_world: World, engines: Engines, dice: random.Random) -> str:
    """And answers late."""
    return await _frozen(engines.postgres.freeze, engines.postgres.thaw, dice.uniform(1, 6))


async def postgresql_is_full(world: World, _engines: Engines, dice: random.Random) -> str:
    """Its disk, for everything that a service writes, until there is room again."""
    seconds = dice.uniform(2, 10)
    async with no_room(world.platform.database(), [*SERVICES, "read"]):
        await asyncio.sleep(seconds)
    await world.restart_dead()
    return f"{seconds:.1f} s"


async def the_object_store_is_frozen(_world: World, engines: Engines, dice: random.Random) -> str:
    """And answers late."""
    return await _frozen(engines.s3.freeze, engines.s3.thaw, dice.uniform(2, 10))


async def the_object_store_is_killed(_world: World, engines: Engines, dice: random.Random) -> str:
    """And started again."""
    engines.s3.kill()
    await asyncio.sleep(dice.uniform(0, 3))
    await asyncio.to_thread(engines.s3.again)
    return ""


async def the_object_store_lies(_world: World, engines: Engines, dice: random.Random) -> str:
    """It refuses, errs, is slow, is full, or does what it was asked to and loses the answer; each until it was told."""
    told = []
    for lie in dice.sample(LIES, len(LIES)):
        await asyncio.sleep(dice.uniform(0.1, 1))
        before = engines.door.met[lie]
        engines.door.tell(lie)
        await asyncio.sleep(dice.uniform(0.5, 3))
        if await _until(lambda: engines.door.met[lie] > before, MET_SECONDS):  # noqa: B023 -- called here alone
            told.append(lie)
        engines.door.tell("none")
    return ", ".join(told) or NOT_MET


async def some_is_told_again(world: World, _engines: Engines, dice: random.Random) -> str:
    """Records are on their topic once more, in another order."""
    topic = dice.choice(["events", "commands"])
    return f"{await told_again(world, topic, dice, TOLD_AGAIN)} {topic}"


async def told_again(world: World, topic: str, dice: random.Random, most: int | None = None) -> int:
    """Put records on their topic once more, all of them or `most`, in an order of the dice; how many it were."""
    there = await records(places_of(world), topic)
    again = dice.sample(there, min(most or len(there), len(there)))
    for record in again:
        headers = [(name, value.encode()) for name, value in record.headers.items()]
        await world.script.put(topic, record.key, record.value, headers)
    return len(again)


async def the_clock_jumps(world: World, _engines: Engines, dice: random.Random) -> str:
    """Forwards, and at times back."""
    hours = dice.choice([0.2, 3.0, 25.0, -1.0, -5.0])
    world.clock.on(hours=hours)
    return f"{hours} hours"


FAULTS: Final[tuple[Fault, ...]] = (
    a_service_is_killed,
    a_service_is_killed,
    a_service_is_killed,
    a_service_is_killed,
    a_service_dies_at_a_seam,
    a_service_dies_at_a_seam,
    a_service_dies_at_a_seam,
    a_service_dies_at_a_seam,
    a_service_stands_still,
    a_service_sleeps_past_its_lease,
    a_service_is_told_to_end,
    the_broker_is_frozen,
    the_broker_is_killed,
    postgresql_is_killed,
    postgresql_is_frozen,
    postgresql_is_full,
    the_object_store_is_frozen,
    the_object_store_is_killed,
    the_object_store_lies,
    some_is_told_again,
    the_clock_jumps,
)
"""What is there more often happens more often."""
ENGINE_KILLS: Final = {the_broker_is_killed, postgresql_is_killed, the_object_store_is_killed}


async def _until(holds: Callable[[], bool], seconds: float) -> bool:
    """Whether it came to hold within this time."""
    for _ in range(int(seconds * 10)):
        if holds():
            return True
        await asyncio.sleep(0.1)
    return holds()


async def _frozen(freeze: Callable[[], None], thaw: Callable[[], None], seconds: float) -> str:
    freeze()
    try:
        await asyncio.sleep(seconds)
    finally:
        thaw()
    return f"{seconds:.1f} s"
