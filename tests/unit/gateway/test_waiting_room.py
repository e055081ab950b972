"""Whoever looks for answers sleeps while nobody waits for one, and looks as soon as somebody does."""

import asyncio
from collections.abc import Collection, Sequence

from services.gateway.adapters.waiting_room import WaitingRoom
from services.platform.database.notifications import Notifications
from tests.support.eventually import eventually

POLL_SECONDS = 0.01


async def test_it_is_looked_from_when_the_first_waits_until_the_last_has_gone() -> None:
    room: WaitingRoom[str, int] = WaitingRoom()
    answers: dict[str, int] = {}
    looks: list[list[str]] = []

    async def look(wanted: Collection[str]) -> dict[str, int]:
        looks.append(list(wanted))
        return answers

    serving = asyncio.create_task(room.serve(Notifications(), POLL_SECONDS, look))
    await asyncio.sleep(5 * POLL_SECONDS)
    assert looks == []

    patient, hasty = asyncio.create_task(room.wait("a")), asyncio.create_task(room.wait("b"))
    await eventually(lambda: _is_last(looks, ["a", "b"]))
    hasty.cancel()
    await eventually(lambda: _is_last(looks, ["a"]))

    answers["a"] = 7
    assert await patient == 7
    await asyncio.sleep(5 * POLL_SECONDS)  # a look may be under way
    at_its_end = len(looks)
    await asyncio.sleep(5 * POLL_SECONDS)
    assert len(looks) == at_its_end
    serving.cancel()


async def _is_last(looks: Sequence[list[str]], wanted: list[str]) -> bool:
    return looks[-1:] == [wanted]
