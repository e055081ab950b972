"""What the log tells of nights: environments that come, change and go, and what became of what was asked for."""

from datetime import datetime
from typing import Any, Final

import structlog
from prometheus_client import Counter

from contracts.envelope import Cause, Message
from contracts.events.backups import BackupCompleted, BackupFailed, BackupRequested
from contracts.events.commands import CommandRejected
from contracts.events.slots import ScheduleApproved, SlotEnded
from services.platform.database import Connection
from services.platform.eventstore.store import EventStore
from services.platform.messaging.follower import Reactions
from services.snapshot.domain import open_slot as rules
from services.snapshot.domain.open_slot import OpenSlot
from services.snapshot.domain.pacing import Pace
from services.snapshot.nights.rows import ACTOR, CHANNEL, Keyed, put_next_try, queries, slot_stream

ENDED: Final = Counter("nightkeep_slots_ended", "Expected nightly runs by how they ended", ["state"])
log = structlog.get_logger()


class NightReactions:
    """One function per event, named like it; each runs in the transaction that notes the event as dealt with."""

    def __init__(self, events: EventStore, pace: Pace) -> None:
        self._events = events
        self._pace = pace

    def reactions(self) -> Reactions:
        """Those that nobody else in this service needs to hear of; the others are called by its handlers."""
        return {
            BackupCompleted: self.on_backup_completed,
            BackupFailed: self.on_backup_failed,
            CommandRejected: self.on_command_rejected,
            ScheduleApproved: self.on_schedule_approved,
        }

    async def on_environment_registered(self, c: Connection, message: Message[Any]) -> None:
        """From now on it has nights."""
        envelope = message.envelope
        await queries.expect(c, environment_id=message.body.environment_id, key=envelope.key, known_since=envelope.time)
        await queries.wake(c, channel=CHANNEL)

    async def on_environment_changed(self, c: Connection, message: Message[Any]) -> None:
        """Its schedule may be another one, or it is gone."""
        await queries.look_now(c, environment_id=message.body.environment_id)
        await queries.wake(c, channel=CHANNEL)

    async def on_schedule_approved(self, c: Connection, message: Message[ScheduleApproved]) -> None:
        """The clock is right: the nights that were overdue when it stopped were missed."""
        await queries.approve(c, environment_id=message.body.environment_id, stop_id=message.body.stop_id)
        await queries.wake(c, channel=CHANNEL)

    async def on_backup_requested(self, c: Connection, message: Message[BackupRequested]) -> None:
        """The catalog accepted a try."""
        if message.body.slot is None:
            return
        row = await queries.asked_by_backup(c, backup_id=message.body.backup_id)
        if row:
            asked = Keyed.of(row).slot
            slot = rules.accepted(asked, message.body.created_at)
            self._decided(asked, message.body.created_at)
            await queries.accept(
                c, environment_id=slot.environment_id, slot_date=slot.slot_date, late=slot.late, channel=CHANNEL
            )

    async def on_command_rejected(self, c: Connection, message: Message[CommandRejected]) -> None:
        """The catalog refused a try. It may come twice: by then the slot has ended."""
        if message.envelope.actor != ACTOR:
            return
        row = await queries.asked_by_command(c, command_id=message.body.command_id)
        if row:
            found, body = Keyed.of(row), message.body
            self._decided(found.slot, message.envelope.time)
            await self._end(c, found, rules.refused(found.slot, body.code, body.reason, message.envelope.time), message)

    async def on_backup_completed(self, c: Connection, message: Message[BackupCompleted]) -> None:
        """If it is a try's backup, its slot has what it was for."""
        row = await queries.asked_by_backup(c, backup_id=message.body.backup_id)
        if row:
            found = Keyed.of(row)
            await self._end(c, found, rules.completed(found.slot, message.body.finished_at), message)

    async def on_backup_failed(self, c: Connection, message: Message[BackupFailed]) -> None:
        """If it is a try's backup, there is another try, or the night has failed."""
        row = await queries.asked_by_backup(c, backup_id=message.body.backup_id)
        if row:
            found = Keyed.of(row)
            after = rules.failed(found.slot, message.body)
            if isinstance(after, OpenSlot):
                await put_next_try(c, after)
                await queries.wake(c, channel=CHANNEL)
            else:
                await self._end(c, found, after, message)

    def _decided(self, slot: OpenSlot, at: datetime) -> None:
        if slot.asked_at is not None:
            self._pace.decided((at - slot.asked_at).total_seconds())

    async def _end(self, c: Connection, found: Keyed, ended: SlotEnded, message: Message[Any]) -> None:
        await queries.close(c, environment_id=ended.environment_id, slot_date=ended.slot_date, channel=CHANNEL)
        name = slot_stream(ended.environment_id, ended.slot_date)
        await self._events.append_next(c, name, [ended], Cause.of(message), found.key, now=ended.ended_at)
        tell(ended)


def tell(ended: SlotEnded) -> None:
    """The one line about a slot."""
    ENDED.labels(ended.state).inc()
    log.info(
        "slot",
        environment_id=str(ended.environment_id),
        slot_date=str(ended.slot_date),
        state=ended.state.value,
        late=ended.late,
        tries=len(ended.tries),
        reason=ended.reason,
    )
