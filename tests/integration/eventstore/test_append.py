"""Appending: the optimistic lock, and what goes into the outbox."""

import asyncio

import pytest

from contracts.codec import decode
from contracts.events.apps import AppRegistered
from services.platform.database import ConflictError
from tests.support.event_store import APP, OwnEvents
from tests.support.events import NOON, cause


async def test_events_are_numbered_from_one_without_gaps(own: OwnEvents) -> None:
    first = await own.append("catalog/app/1", 2)
    second = await own.append("catalog/app/1", after=2)
    assert [event.envelope.sequence for event in (*first, *second)] == [1, 2, 3]
    async with own.database.transaction() as c:
        assert await own.store.last_sequence(c, "catalog/app/1") == 3
        assert await own.store.last_sequence(c, "catalog/app/2") == 0


async def test_of_many_writers_at_the_same_place_one_wins(own: OwnEvents) -> None:
    await own.append("catalog/app/1")
    ends = await asyncio.gather(*(own.append("catalog/app/1", after=1) for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(end, ConflictError) for end in ends) == 7
    async with own.database.transaction() as c:
        assert await own.store.last_sequence(c, "catalog/app/1") == 2


@pytest.mark.parametrize("after", [0, 1, 3])
async def test_a_writer_that_is_behind_or_ahead_of_the_stream_is_refused(own: OwnEvents, after: int) -> None:
    await own.append("catalog/app/1", 2)
    with pytest.raises(ConflictError):
        await own.append("catalog/app/1", after=after)


async def test_a_transaction_that_fails_takes_its_events_along(own: OwnEvents) -> None:
    async def append_and_fail() -> None:
        async with own.database.transaction() as c:
            body = AppRegistered(app_id=APP, name="a", slug="a")
            await own.store.append(c, "catalog/app/1", [body], cause(), "k", after=0, now=NOON)
            raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        await append_and_fail()
    assert await own.unpublished() == 0


async def test_what_is_published_is_what_append_returned(own: OwnEvents) -> None:
    appended = await own.append("catalog/app/1", 3, key="some-app")
    await own.publish_all()
    assert [decode(written.record) for written in own.log.written] == list(appended)
    assert {written.record.key for written in own.log.written} == {b"some-app"}
