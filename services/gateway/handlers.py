"""What the gateway does when the log tells of something: it raises an alert, or forgets what it kept of backups."""

from collections.abc import Callable, Iterable
from typing import Any

from contracts.envelope import Message
from contracts.events.retention import ExpiryHeld, RepositoryChecked, SweepResumed, SweepStopped
from contracts.events.shredding import BackupsShredded, ShreddingRequested
from contracts.events.slots import ScheduleResumed, ScheduleStopped, SlotEnded
from services.gateway.adapters.alerts import AlertBook
from services.gateway.adapters.archive_index import forget_contents
from services.gateway.domain import alerts
from services.platform.database import Connection
from services.platform.messaging.follower import Reaction, Reactions


async def on_shredding(c: Connection, message: Message[ShreddingRequested] | Message[BackupsShredded]) -> None:
    """How archives are made has names of documents in it: nothing of shredded backups is kept."""
    await forget_contents(c, message.body.environment_id)


class Handlers:
    """One rule per event; each reaction runs in the transaction that notes the event as dealt with."""

    def __init__(self, book: AlertBook) -> None:
        self._book = book

    def reactions(self) -> Reactions:
        """Which event goes to which rule; each alert is raised once."""
        return {
            SlotEnded: self._raising(alerts.of_slot),
            ExpiryHeld: self._raising(alerts.of_hold),
            SweepStopped: self._raising(alerts.of_sweep),
            SweepResumed: self._raising(alerts.of_resumed_sweep),
            ScheduleStopped: self._raising(alerts.of_schedule),
            ScheduleResumed: self._raising(alerts.of_resumed_schedule),
            RepositoryChecked: self._raising(alerts.of_check),
            ShreddingRequested: on_shredding,
            BackupsShredded: on_shredding,
        }

    def _raising(self, rule: Callable[[Any, str], Iterable[alerts.Alert]]) -> Reaction:
        async def react(c: Connection, message: Message[Any]) -> None:
            where = await self._book.name_of(c, message.body.environment_id)
            for one in rule(message.body, where):
                await self._book.raise_once(c, one, message.body.environment_id, message)

        return react
