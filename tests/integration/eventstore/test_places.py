"""Outcomes of commands, places of consumers and what waits for them."""

from uuid import uuid4

import pytest

from contracts.codec import RawRecord
from services.platform.database import ConflictError
from services.platform.eventstore.outcomes import CommandOutcome, CommandOutcomes
from services.platform.eventstore.parked import ParkedRecord, ParkedRecords
from services.platform.eventstore.positions import Position, StreamPositions
from tests.support.event_store import OwnEvents
from tests.support.events import NOON


def outcome() -> CommandOutcome:
    return CommandOutcome(uuid4(), "abc", "rejected", NOON, "catalog/command/1", 1, None, "NOT_FOUND", "none", "app_id")


def parked(offset: int, lane: str = "environment") -> ParkedRecord:
    record = RawRecord(None, b"\xff", (("ce_id", b"\xfe"), ("twice", b"1"), ("twice", b"2")))
    return ParkedRecord("events", 0, offset, "s", offset + 1, uuid4(), lane, record, "a gap")


async def test_an_outcome_is_kept_as_it_was_decided(own: OwnEvents) -> None:
    decided, outcomes = outcome(), CommandOutcomes()
    async with own.database.transaction() as c:
        await outcomes.put(c, decided)
        assert await outcomes.get(c, decided.command_id) == decided
        assert await outcomes.get_many(c, [uuid4(), decided.command_id]) == {decided.command_id: decided}


async def test_a_command_has_one_outcome(own: OwnEvents) -> None:
    decided = outcome()
    async with own.database.transaction() as c:
        await CommandOutcomes().put(c, decided)
    with pytest.raises(ConflictError):
        async with own.database.transaction() as c:
            await CommandOutcomes().put(c, decided)


async def test_a_consumer_begins_every_stream_before_its_first_event(own: OwnEvents) -> None:
    positions, place = StreamPositions("projection"), Position(3, uuid4())
    async with own.database.transaction() as c:
        await positions.advance(c, "s", place)
        assert await positions.of(c, ["s", "t"]) == {"s": place, "t": Position()}
        assert await StreamPositions("another").of(c, ["s"]) == {"s": Position()}


async def test_a_consumers_offset_never_goes_back(own: OwnEvents) -> None:
    positions = StreamPositions("projection")
    async with own.database.transaction() as c:
        assert await positions.next_offsets(c, "events") == {}
        for next_offset in (5, 7, 6):
            await positions.advance_offsets(c, "events", {1: next_offset, 2: 3})
        assert await positions.next_offsets(c, "events") == {1: 7, 2: 3}
        assert await positions.claim_offsets(c, "events", [3, 1]) == {1: 7, 3: 0}


async def test_what_waits_is_given_back_byte_for_byte_in_the_order_of_the_log(own: OwnEvents) -> None:
    waiting, records = ParkedRecords("projection"), [parked(2), parked(1), parked(3, "another")]
    async with own.database.transaction() as c:
        for record in records:
            await waiting.park(c, record)
            await waiting.park(c, record)
        assert await waiting.lanes(c, ["environment", "third"]) == {"environment"}
        assert await waiting.waiting(c, "environment") == [records[1], records[0]]
        await waiting.let_go(c, records[1])
        assert await waiting.waiting(c, "environment") == [records[0]]
