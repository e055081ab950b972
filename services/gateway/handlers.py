"""What the gateway does when the log tells of something: alerts, calls about ends, parcels, what is to be forgotten."""

from collections.abc import Callable, Iterable
from typing import Any

from contracts.envelope import Cause, Message
from contracts.events.backups import BackupCompleted, BackupFailed, BackupRequested
from contracts.events.retention import ExpiryHeld, LeaseReleased, RepositoryChecked, SweepResumed, SweepStopped
from contracts.events.shredding import BackupsShredded, ShreddingFailed, ShreddingRequested
from contracts.events.slots import ScheduleResumed, ScheduleStopped, SlotEnded
from contracts.events.uploads import DataUploaded, UploadFailed, UploadRequested
from services.gateway.adapters.alerts import AlertBook
from services.gateway.adapters.archive_index import forget_contents
from services.gateway.adapters.archives import Archives
from services.gateway.adapters.deliveries import announce, of_end
from services.gateway.adapters.parcels import ParcelDesk
from services.gateway.domain import alerts
from services.gateway.domain.ends import ENDS
from services.platform.database import Connection
from services.platform.jobs import JobQueue
from services.platform.messaging.follower import Reaction, Reactions


async def on_shredding(c: Connection, message: Message[ShreddingRequested] | Message[BackupsShredded]) -> None:
    """How archives are made has names of documents in it: nothing of shredded backups is kept."""
    await forget_contents(c, message.body.environment_id)


class Handlers:
    """One rule per event; each reaction runs in the transaction that notes the event as dealt with."""

    def __init__(self, book: AlertBook, parcels: ParcelDesk, queue: JobQueue, archives: Archives) -> None:
        self._book = book
        self._parcels = parcels
        self._queue = queue
        self._archives = archives

    def reactions(self) -> Reactions:
        """Which event goes to which rule; each alert is raised once, and each end of work told once."""
        own: Reactions = {
            SlotEnded: self._raising(alerts.of_slot),
            ExpiryHeld: self._raising(alerts.of_hold),
            SweepStopped: self._raising(alerts.of_sweep),
            SweepResumed: self._raising(alerts.of_resumed_sweep),
            ScheduleStopped: self._raising(alerts.of_schedule),
            ScheduleResumed: self._raising(alerts.of_resumed_schedule),
            LeaseReleased: self.on_lease_released,
            RepositoryChecked: self._raising(alerts.of_check),
            ShreddingRequested: on_shredding,
            BackupsShredded: on_shredding,
            ShreddingFailed: self._raising(alerts.of_failed_shredding),
            UploadRequested: self.on_upload_requested,
            DataUploaded: self.on_upload_ended,
            UploadFailed: self.on_upload_ended,
            BackupRequested: self.on_backup_requested,
            BackupCompleted: self.on_backup_ended,
            BackupFailed: self.on_backup_ended,
        }
        return {**own, **{kind: self._telling(own.get(kind)) for kind in ENDS}}

    async def on_lease_released(self, c: Connection, message: Message[LeaseReleased]) -> None:
        """A link never outlives what keeps its backup; the lease of an archive has its id."""
        await self._archives.let_go(c, message.body.lease_id, Cause.of(message))

    async def on_upload_requested(self, c: Connection, message: Message[UploadRequested]) -> None:
        """Keep what was sent until the upload has ended."""
        await self._parcels.hold(c, message.body.parcel.parcel_id, message.body.upload_id)

    async def on_upload_ended(self, c: Connection, message: Message[Any]) -> None:
        """What was sent may go."""
        await self._parcels.let_go(c, message.body.upload_id)

    async def on_backup_requested(self, c: Connection, message: Message[BackupRequested]) -> None:
        """Keep what was sent until the backup that is made of it has ended."""
        if message.body.parcel is not None:
            await self._parcels.hold(c, message.body.parcel.parcel_id, message.body.backup_id)

    async def on_backup_ended(self, c: Connection, message: Message[Any]) -> None:
        """What an imported one was made of may go."""
        await self._parcels.let_go(c, message.body.backup_id)

    def _telling(self, first: Reaction | None) -> Reaction:
        async def react(c: Connection, message: Message[Any]) -> None:
            if first is not None:
                await first(c, message)
            await announce(c, self._queue, of_end(message), Cause.of(message))

        return react

    def _raising(self, rule: Callable[[Any, alerts.Where], Iterable[alerts.Alert]]) -> Reaction:
        async def react(c: Connection, message: Message[Any]) -> None:
            where = await self._book.where(c, message.body.environment_id)
            for one in rule(message.body, where):
                await self._book.raise_once(c, one, message.body.environment_id, message)

        return react
