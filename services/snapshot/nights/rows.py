"""Nights and open slots as rows, and back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Self
from uuid import UUID

from contracts.events.slots import SlotTry
from contracts.slot_times import SlotTime
from contracts.streams import stream
from services.platform.database import Connection, load_queries
from services.snapshot.domain.open_slot import OpenSlot
from services.snapshot.domain.stopping import Stop
from services.snapshot.parts import SERVICE

PACKAGE: Final = "services.snapshot.nights"
ACTOR: Final = "nightly"
"""Who asks; the catalog shows it as Nightly."""
CHANNEL: Final = "nights_snapshot"
"""Where schedulers hear that there is something to do."""
ASKING: Final = "nights to ask for"
"""What holds the jobs of accepted nightly backups: asking for those that are due comes before working them off."""

queries = load_queries(PACKAGE)


@dataclass(frozen=True)
class Night:
    """An environment that has nights, the key of all messages about its app, and the slot that waits, if any does.

    `stop` is what is known of its stops.
    """

    environment_id: UUID
    key: str
    known_since: datetime
    planned: SlotTime | None
    stop: Stop

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """From the columns of `night`."""
        planned = None
        if row["slot_date"] is not None:
            planned = SlotTime(row["slot_date"], row["due_at"], row["calendar_offset"])
        stop = Stop(row["stop_id"], row["stopped_at"], row["approved_until"])
        return cls(row["environment_id"], row["key"], row["known_since"], planned, stop)


@dataclass(frozen=True)
class Keyed:
    """An open slot, and the key of all messages about its app."""

    slot: OpenSlot
    key: str

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """From the columns of `open_slot`."""
        slot = OpenSlot(
            environment_id=row["environment_id"],
            slot_date=row["slot_date"],
            calendar_offset=row["calendar_offset"],
            due_at=row["due_at"],
            not_after=row["not_after"],
            ask_at=row["ask_at"],
            try_number=row["try_number"],
            asked_at=row["asked_at"],
            late=row["late"],
            tries=tuple(SlotTry.model_validate(one) for one in row["tries"]),
        )
        return cls(slot, row["key"])


def slot_stream(environment_id: UUID, slot_date: date) -> str:
    """The stream of one slot."""
    return stream(SERVICE, "slot", f"{environment_id}.{slot_date}")


def schedule_stream(stop_id: UUID) -> str:
    """The stream of one stop of a schedule."""
    return stream(SERVICE, "schedule", stop_id)


async def put_open(c: Connection, fired: Sequence[Keyed]) -> None:
    """Slots at their first try."""
    slots = [one.slot for one in fired]
    await queries.open_slots(
        c,
        environment_ids=[slot.environment_id for slot in slots],
        slot_dates=[slot.slot_date for slot in slots],
        keys=[one.key for one in fired],
        calendar_offsets=[slot.calendar_offset for slot in slots],
        due_ats=[slot.due_at for slot in slots],
        not_afters=[slot.not_after for slot in slots],
        ask_ats=[slot.ask_at for slot in slots],
        command_ids=[slot.command_id for slot in slots],
        backup_ids=[slot.backup_id for slot in slots],
    )


async def put_planned(c: Connection, planned: Mapping[UUID, SlotTime]) -> None:
    """Each environment's next slot."""
    await queries.plan(
        c,
        environment_ids=list(planned),
        slot_dates=[slot.slot_date for slot in planned.values()],
        due_ats=[slot.due_at for slot in planned.values()],
        calendar_offsets=[slot.calendar_offset for slot in planned.values()],
    )


async def put_next_try(c: Connection, slot: OpenSlot) -> None:
    """The slot waits for another try."""
    await queries.try_again(
        c,
        environment_id=slot.environment_id,
        slot_date=slot.slot_date,
        try_number=slot.try_number,
        ask_at=slot.ask_at,
        tries=[one.model_dump(mode="json") for one in slot.tries],
        command_id=slot.command_id,
        backup_id=slot.backup_id,
    )
