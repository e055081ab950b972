"""The walk: at each stop a service dies, or sleeps and wakes up, and the work ends as if nothing had happened."""

import asyncio
import time
import traceback
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Final

from tests.soak.fates import DYING, Fate
from tests.soak.itinerary import Stop
from tests.soak.world import World
from tests.support.eventually import eventually

PASSES_WITHIN_SECONDS: Final = 30.0
"""Behind the work's end; offsets are committed and events are marked when it is long done."""
ENDS_WITHIN_SECONDS: Final = 300.0
PREPARED_WITHIN_SECONDS: Final = 600.0


class NotPassedError(AssertionError):
    """No work passes this point: its name is dead, or the itinerary is wrong."""


@dataclass(frozen=True)
class Walked:
    """A stop; `trouble` is how it did not hold."""

    stop: Stop
    trouble: str | None = None


async def walk(world: World, stops: Sequence[Stop], fate: Fate = DYING) -> list[Walked]:
    """Go from stop to stop, whatever becomes of one, and say each."""
    return [await _halt(world, stop, fate, f"{number}/{len(stops)}") for number, stop in enumerate(stops, 1)]


async def _halt(world: World, stop: Stop, fate: Fate, which: str) -> Walked:
    began, trouble, more = time.monotonic(), None, ""
    try:
        more = await _meet(world, stop, fate)
    except Exception:  # noqa: BLE001 -- told at the end, with all others
        trouble = traceback.format_exc()
        print(trouble, flush=True)  # noqa: T201 -- a walk goes on for an hour
        await world.restart_dead()
    said = "held" if trouble is None else "DID NOT HOLD"
    print(f"{which} {time.monotonic() - began:5.1f} s  {said}: {stop} {more}", flush=True)  # noqa: T201 -- a walk tells where it is
    return Walked(stop, trouble)


async def _meet(world: World, stop: Stop, fate: Fate) -> str:
    work = stop.work(world)
    async with asyncio.timeout(PREPARED_WITHIN_SECONDS):
        await anext(work)
    world.crash_file(stop.service).write_text(f"{fate.words}{stop.place}", encoding="utf-8")
    doing = asyncio.create_task(_done(work))

    async def ended() -> None:
        async with asyncio.timeout(ENDS_WITHIN_SECONDS):
            await doing

    try:
        await _come(world, stop, fate, doing)
        return await fate.lived_through(world, stop, ended)
    finally:
        doing.cancel()
        await asyncio.gather(doing, return_exceptions=True)


async def _done(work: AsyncGenerator[None, None]) -> None:
    async for _ in work:
        raise AssertionError("a work yields once")


async def _come(world: World, stop: Stop, fate: Fate, doing: asyncio.Task[None]) -> None:
    service = world.platform.services[stop.service]
    ended_at: float | None = None

    async def has_come() -> bool:
        nonlocal ended_at
        if doing.done() and ended_at is None:
            ended_at = time.monotonic()
        too_late = ended_at is not None and time.monotonic() > ended_at + PASSES_WITHIN_SECONDS
        if too_late:
            doing.result()
            raise NotPassedError(f"{stop.work.__name__} does not pass {stop.point!r} in the service {stop.service}")
        return await fate.has_come(service)

    await eventually(has_come, within_seconds=ENDS_WITHIN_SECONDS)
    assert not world.crash_file(stop.service).exists(), "it came to its end somewhere else"
