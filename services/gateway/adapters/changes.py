"""A change from the call to what it made readable: the catalog decides, then the read model has to see it."""

from contracts.envelope import Command
from services.gateway.adapters.decisions import Decisions, Intent
from services.gateway.adapters.tide import Mark, Tide
from services.platform.eventstore.outcomes import CommandOutcome


class NotReadableYetError(Exception):
    """The change was accepted, and the read model has not reached it in time: told as 202, no failure.

    `location` is where it can be read in a moment; `lag` says what the read model has not reached.
    """

    def __init__(self, location: str | None, lag: Mark) -> None:
        super().__init__(str(lag))
        self.location = location
        self.mark = lag
        self.lag = str(lag)


class Changes:
    """Makes changes."""

    def __init__(self, decisions: Decisions, tide: Tide) -> None:
        self._decisions = decisions
        self._tide = tide

    async def make(self, intent: Intent, body: Command, key: str, *, location: str | None) -> None:
        """Returns when the change can be read.

        Raises RefusalError, NotKnownYetError and NotReadableYetError.
        """
        await self.readable(await self.decided(intent, body, key), location=location)

    async def decided(self, intent: Intent, body: Command, key: str) -> CommandOutcome:
        """The acceptance alone. Raises RefusalError and NotKnownYetError."""
        return await self._decisions.decide(intent, body, key)

    async def is_decided(self, intent: Intent) -> bool:
        """Whether this key has had a command decided before; what it asked for is not looked at."""
        return await self._decisions.known(intent) is not None

    async def accepted_before(self, intent: Intent, own: str) -> CommandOutcome | None:
        """The acceptance of what this key made in the stream `own` before, if it did; its body is not looked at."""
        outcome = await self._decisions.known(intent)
        return outcome if outcome is not None and outcome.stream == own else None

    async def readable(self, outcome: CommandOutcome, *, location: str | None) -> None:
        """Returns when what was accepted can be read. Raises NotReadableYetError."""
        lag = await self._tide.reach(Mark(outcome.stream, outcome.sequence))
        if lag is not None:
            raise NotReadableYetError(location, lag)
