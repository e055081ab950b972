"""Waits for the catalog's answer: PostgreSQL says that some outcome was committed, one look finds whose."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from services.gateway.adapters.waiting_room import WaitingRoom
from services.platform.database import Database, load_queries
from services.platform.eventstore.outcomes import CommandOutcome
from services.platform.eventstore.store import outbox_channel
from services.platform.process.retry import for_ever

CHANNEL: Final = outbox_channel("catalog")
"""Every outcome comes with an event, be it CommandRejected, and every event wakes the catalog's relay up."""
POLL_SECONDS: Final = 0.2
"""A lost notification costs no more than this."""

_sql = load_queries("services.gateway")


class OutcomeWatch:
    """Everybody in this process who waits for the end of a command, served by one connection."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._room: WaitingRoom[UUID, CommandOutcome] = WaitingRoom()

    async def find(self, command_id: UUID) -> CommandOutcome | None:
        """How the command ended, if it has."""
        return (await self._find([command_id])).get(command_id)

    async def wait(self, command_id: UUID) -> CommandOutcome:
        """How the command ended, when it has; for as long as the caller has patience."""
        return await self._room.wait(command_id)

    async def run(self) -> None:
        """Serves those who wait until cancelled; a lost connection only makes them wait longer."""
        await for_ever("hear of outcomes", self._listen)

    async def _listen(self) -> None:
        async with self._database.listen(CHANNEL) as notifications:
            await self._room.serve(notifications, POLL_SECONDS, self._find)

    async def _find(self, command_ids: Iterable[UUID]) -> dict[UUID, CommandOutcome]:
        async with self._database.look() as c:
            rows = _sql.find_outcomes(c, command_ids=list(command_ids))
            return {row["command_id"]: CommandOutcome(**dict(row)) async for row in rows}
