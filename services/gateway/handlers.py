"""What the gateway does when the log tells of something that a person should look at: it raises an alert."""

from collections.abc import Iterable

from contracts.envelope import Message
from contracts.events.retention import ExpiryHeld, RepositoryChecked, SweepStopped
from contracts.events.slots import SlotEnded
from services.gateway.adapters.alerts import AlertBook
from services.gateway.domain import alerts
from services.platform.database import Connection
from services.platform.messaging.follower import Reactions


class Handlers:
    """One function per event, named like it; each runs in the transaction that notes the event as dealt with."""

    def __init__(self, book: AlertBook) -> None:
        self._book = book

    def reactions(self) -> Reactions:
        """Which event goes to which function."""
        return {
            SlotEnded: self.on_slot_ended,
            ExpiryHeld: self.on_expiry_held,
            SweepStopped: self.on_sweep_stopped,
            RepositoryChecked: self.on_repository_checked,
        }

    async def on_slot_ended(self, c: Connection, message: Message[SlotEnded]) -> None:
        """Missed, failed after all tries, or a Sunday without a backup."""
        where = await self._book.name_of(c, message.body.environment_id)
        await self._raise(c, message, alerts.of_slot(message.body, where))

    async def on_expiry_held(self, c: Connection, message: Message[ExpiryHeld]) -> None:
        """The last good backup is kept past its expiry."""
        where = await self._book.name_of(c, message.body.environment_id)
        await self._raise(c, message, alerts.of_hold(message.body, where))

    async def on_sweep_stopped(self, c: Connection, message: Message[SweepStopped]) -> None:
        """A sweep asks a person."""
        where = await self._book.name_of(c, message.body.environment_id)
        await self._raise(c, message, alerts.of_sweep(message.body, where))

    async def on_repository_checked(self, c: Connection, message: Message[RepositoryChecked]) -> None:
        """Stored backups are damaged."""
        where = await self._book.name_of(c, message.body.environment_id)
        await self._raise(c, message, alerts.of_check(message.body, where))

    async def _raise(
        self,
        c: Connection,
        message: Message[SlotEnded] | Message[ExpiryHeld] | Message[SweepStopped] | Message[RepositoryChecked],
        wanted: Iterable[alerts.Alert],
    ) -> None:
        for one in wanted:
            await self._book.raise_once(c, one, message.body.environment_id, message)
