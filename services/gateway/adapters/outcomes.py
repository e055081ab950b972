"""Waits for the catalog's answer: PostgreSQL says that some outcome was committed, one look finds whose."""

import asyncio
from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from services.platform.database import Database, DatabaseUnavailableError, Record, load_queries
from services.platform.eventstore.outcomes import CommandOutcome

CHANNEL: Final = "command_outcome_catalog"
POLL_SECONDS: Final = 0.2
"""A lost notification costs no more than this."""
RECONNECT_SECONDS: Final = 1.0

_sql: Any = load_queries("services.gateway")


class OutcomeWatch:
    """Everybody in this process who waits for the end of a command, served by one connection."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[UUID, list[asyncio.Future[CommandOutcome]]] = {}

    async def find(self, command_id: UUID) -> CommandOutcome | None:
        """How the command ended, if it has."""
        return next(iter(await self._find([command_id])), None)

    async def wait(self, command_id: UUID) -> CommandOutcome:
        """How the command ended, when it has; for as long as the caller has patience."""
        future: asyncio.Future[CommandOutcome] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(command_id, []).append(future)
        try:
            return await future
        finally:
            self._leave(command_id, future)

    async def run(self) -> None:
        """Serves those who wait until cancelled; a lost connection only makes them wait longer."""
        while True:
            try:
                await self._listen()
            except DatabaseUnavailableError:
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen(self) -> None:
        async with self._database.listen(CHANNEL) as notifications:
            while True:
                await notifications.wait(POLL_SECONDS)
                if self._waiting:
                    self._answer(await self._find(self._waiting))

    def _answer(self, outcomes: Iterable[CommandOutcome]) -> None:
        for outcome in outcomes:
            for future in self._waiting.get(outcome.command_id, ()):
                if not future.done():
                    future.set_result(outcome)

    async def _find(self, command_ids: Iterable[UUID]) -> list[CommandOutcome]:
        async with self._database.transaction() as c:
            return [_outcome(row) async for row in _sql.find_outcomes(c, command_ids=list(command_ids))]

    def _leave(self, command_id: UUID, future: asyncio.Future[CommandOutcome]) -> None:
        others = [other for other in self._waiting[command_id] if other is not future]
        if others:
            self._waiting[command_id] = others
        else:
            del self._waiting[command_id]


def _outcome(row: Record) -> CommandOutcome:
    return CommandOutcome(**dict(row))
