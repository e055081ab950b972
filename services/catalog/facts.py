"""What other services say reaches the catalog's own rows, so that it decides from these alone (architecture §2.3)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from contracts.envelope import Cause, Event, Message
from contracts.events.backups import BackupCompleted
from contracts.events.restores import RestoreCompleted, RestoreFailed
from contracts.events.uploads import DataUploaded, UploadFailed
from contracts.states import ForbiddenMoveError
from contracts.topics import Topic
from services.catalog.adapters.across import held_backups
from services.catalog.adapters.desk import Desk
from services.catalog.domain.decide.restores import end_grace_for_newer
from services.catalog.domain.state import concerns
from services.catalog.domain.state.backup import Backup
from services.catalog.domain.state.environment import Environment
from services.catalog.domain.state.restore import Restore
from services.catalog.domain.state.upload import Upload
from services.catalog.holding import change_of_hold
from services.catalog.saying import Teller
from services.platform.database import Connection
from services.platform.messaging.follower import EventFollower, Reaction
from services.platform.messaging.reading import LogReader
from services.platform.process.errors import PermanentError

CONSUMER: Final = "catalog"


class Facts:
    """The reactions of the catalog: each folds a fact into the rows that it concerns."""

    def __init__(self, teller: Teller) -> None:
        self._teller = teller

    def reactions(self) -> Mapping[type[Event], Reaction]:
        """The reaction to each fact of another service that a decision may depend on."""
        return dict.fromkeys(concerns.FACTS, self.note)

    def together(self, c: Connection) -> "FactsTogether":
        """The same for the facts of one transaction, whose rows are read once and written once."""
        return FactsTogether(self, Desk(c))

    async def note(self, c: Connection, message: Message[Any]) -> None:
        """Fold one fact and write what has changed. Raises as `fold`."""
        desk = Desk(c)
        await self.fold(desk, message)
        await desk.write()

    async def fold(self, desk: Desk, message: Message[Any]) -> None:
        """Fold one fact. Raises PermanentError when it is about nothing that is known, or breaks a state machine.

        The desk is of no use then.
        """
        if unknown := await desk.unknown(message.body):
            raise PermanentError(f"{type(message.body).__name__} is about {', '.join(unknown)}, which there is not")
        older = await _older_switch(desk, message.body)
        try:
            await desk.apply(message.body)
        except ForbiddenMoveError as error:
            raise PermanentError(str(error)) from error
        if older is not None:
            await self._end_grace(desk, older, message)
        for backup in await _perhaps_held_otherwise(desk, message.body):
            await self._tell_hold(desk, backup, message)

    async def _end_grace(self, desk: Desk, older: Restore, message: Message[Any]) -> None:
        """Only the newest switch of an environment can be undone."""
        body = message.body
        newer = f"upload {body.upload_id}" if isinstance(body, DataUploaded) else f"restore {body.restore_id}"
        event = end_grace_for_newer(older, newer)
        if event is not None:
            await self._teller.say(desk, older, [event], Cause.of(message))

    async def _tell_hold(self, desk: Desk, backup: Backup, message: Message[Any]) -> None:
        """What held it may have ended with this fact."""
        events = await change_of_hold(desk, backup, now=self._teller.now())
        await self._teller.say(desk, backup, events, Cause.of(message))


class FactsTogether:
    """See `Facts.together`, and Together."""

    def __init__(self, facts: Facts, desk: Desk) -> None:
        self._facts = facts
        self._desk = desk

    def reactions(self) -> Mapping[type[Event], Reaction]:
        """See Together."""
        return dict.fromkeys(concerns.FACTS, self._note)

    async def look_up(self, bodies: Sequence[Event]) -> None:
        """Lock the rows that the facts among `bodies` name."""
        await self._desk.prefetch([body for body in bodies if isinstance(body, concerns.FACTS)])

    async def write(self) -> None:
        """See Together."""
        await self._desk.write()

    async def _note(self, _c: Connection, message: Message[Any]) -> None:
        await self._facts.fold(self._desk, message)


async def _older_switch(desk: Desk, event: Event) -> Restore | None:
    """The restore that could be undone until `event`, where that is a newer switch in the same environment."""
    if not isinstance(event, RestoreCompleted | DataUploaded):
        return None
    environment = await desk.find(Environment, event.environment_id)
    older: UUID | None = environment.undoable_restore if environment else None
    newer = event.restore_id if isinstance(event, RestoreCompleted) else None
    return await desk.find(Restore, older) if older and older != newer else None


async def _perhaps_held_otherwise(desk: Desk, event: Event) -> Sequence[Backup]:
    """The held backups whose hold `event` may have changed: by a newer one, or by the end of what needed it."""
    match event:
        case BackupCompleted():
            return await held_backups(desk, event.environment_id)
        case RestoreCompleted() | RestoreFailed():
            restore = await desk.find(Restore, event.restore_id)
            backup = await desk.find(Backup, restore.backup_id) if restore else None
            return [backup] if backup and backup.held else []
        case DataUploaded() | UploadFailed():
            upload = await desk.find(Upload, event.upload_id)
            way_back = upload.safety_backup_id if upload else None
            backup = await desk.find(Backup, way_back) if way_back else None
            return [backup] if backup and backup.held else []
        case _:
            return []


class Hearing:
    """Waits until the rows know what the log held at the moment of asking."""

    def __init__(self, follower: EventFollower, reader: LogReader) -> None:
        self._follower = follower
        self._reader = reader

    async def hear_all(self, partitions: Sequence[int]) -> None:
        """Raises BrokerUnavailableError."""
        ends = await self._reader.ends(Topic.EVENTS)
        for partition in partitions:
            await self._follower.caught_up(partition, ends[partition])
