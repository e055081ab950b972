"""Waits until the read model has come as far as somebody's own write (architecture §2.7)."""

from collections.abc import Iterable
from typing import Final, NamedTuple
from uuid import UUID

from services.gateway.adapters.goodbye import Goodbye
from services.gateway.adapters.waiting_room import WaitingRoom
from services.gateway.domain.refusals import NotKnownYetError
from services.platform.database import Database, load_queries
from services.platform.process.retry import for_ever

CHANNEL: Final = "read_model"
POLL_SECONDS: Final = 0.05
"""A lost notification costs no more than this."""

_sql = load_queries("services.gateway")


class Mark(NamedTuple):
    """A place in the log that the read model has to reach."""

    stream: str
    sequence: int

    def __str__(self) -> str:
        return f"{self.stream}@{self.sequence}"


class Accepted(NamedTuple):
    """Where the newest decision about something has to be read, and in which environment and app it is, if in one."""

    mark: Mark
    environment_id: UUID | None
    app_id: UUID | None


class Tide:
    """How far the read model is; everybody in this process who waits for it is served by one connection.

    An answer that can be given without it waits for `patience_seconds`, any other for `answer_seconds` if that is
    longer: the read model stands still for some seconds while one catalog takes over from another.
    """

    def __init__(self, database: Database, goodbye: Goodbye, *, patience_seconds: float, answer_seconds: float) -> None:
        self._database = database
        self._goodbye = goodbye
        self._patience_seconds = patience_seconds
        self._answer_seconds = max(answer_seconds, patience_seconds)
        self._room: WaitingRoom[Mark, None] = WaitingRoom()

    async def reach(self, mark: Mark) -> Mark | None:
        """None once the read model is at `mark`; what it lacks when that takes too long."""
        return None if await self._comes_to(mark, self._patience_seconds) else mark

    async def must_reach(self, mark: Mark) -> None:
        """Returns when the read model is at `mark`, without which there is no answer. Raises NotKnownYetError."""
        if not await self._comes_to(mark, self._answer_seconds):
            raise NotKnownYetError

    async def _comes_to(self, mark: Mark, seconds: float) -> bool:
        if mark in await self._reached([mark]):
            return True
        try:
            async with self._goodbye.patience(seconds):
                await self._room.wait(mark)
        except TimeoutError:
            return False
        return True

    async def settle(self, environment_id: UUID) -> Mark | None:
        """The same for the newest accepted outcome of an environment, whoever asked for it."""
        async with self._database.look() as c:
            lag = await _sql.lag_of_environment(c, environment_id=environment_id)
        return None if lag is None else await self.reach(Mark(lag["stream"], lag["sequence"]))

    async def accepted(self, stream: str) -> Accepted | None:
        """What the catalog has accepted last about a stream, read or not; None when nothing was."""
        async with self._database.look() as c:
            row = await _sql.accepted(c, stream=stream)
        return None if row is None else Accepted(Mark(stream, row["sequence"]), row["environment_id"], row["app_id"])

    async def run(self) -> None:
        """Serves those who wait until cancelled."""
        await for_ever("hear of the read model", self._listen)

    async def _listen(self) -> None:
        async with self._database.listen(CHANNEL) as notifications:
            await self._room.serve(notifications, POLL_SECONDS, self._reached)

    async def _reached(self, marks: Iterable[Mark]) -> dict[Mark, None]:
        """Those of them at which it is."""
        wanted = list(marks)
        async with self._database.look() as c:
            rows = _sql.positions(c, streams=[mark.stream for mark in wanted])
            positions = {row["stream"]: row["sequence"] async for row in rows}
        return dict.fromkeys(mark for mark in wanted if positions.get(mark.stream, 0) >= mark.sequence)
