"""Whoever looks for answers may sleep while nobody waits for one, and is told as soon as somebody does."""

import asyncio

from services.gateway.adapters.waiting_room import WaitingRoom


async def test_somebody_is_there_from_when_the_first_waits_until_the_last_has_gone() -> None:
    room: WaitingRoom[str, int] = WaitingRoom()
    coming = asyncio.create_task(room.somebody())
    await asyncio.sleep(0)
    assert not coming.done()

    patient, hasty = asyncio.create_task(room.wait("a")), asyncio.create_task(room.wait("b"))
    await coming
    hasty.cancel()
    await asyncio.wait([hasty])
    await asyncio.wait_for(room.somebody(), 1)
    assert list(room.wanted()) == ["a"]

    room.answer("a", 7)
    assert await patient == 7
    coming = asyncio.create_task(room.somebody())
    await asyncio.sleep(0)
    assert not coming.done()
    coming.cancel()
