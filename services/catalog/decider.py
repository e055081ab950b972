"""Answers the command topic: a poll's commands are decided together in one transaction (architecture §2.6)."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog
from prometheus_client import Counter

from services.catalog.adapters.desk import Desk, queries
from services.catalog.facts import CONSUMER
from services.catalog.incoming import Incoming, incoming
from services.catalog.sitting import Sitting
from services.platform.database import ConflictError, Connection, Database
from services.platform.eventstore.outcomes import CommandOutcomes
from services.platform.eventstore.store import EventStore
from services.platform.messaging.deadletters import DeadLetters
from services.platform.messaging.records import Received
from services.platform.process.clock import Clock
from services.platform.process.seams import Seam

HearAll = Callable[[Sequence[int]], Awaitable[None]]
"""Returns when the rows know all that was on these partitions of the log when it was called."""

DECIDED: Final = Counter("nightkeep_commands_decided", "Commands by their outcome", ["outcome"])
log = structlog.get_logger()


class Decider:
    """Decides polls of the command topic; `decide` is what the consumer calls, again and again until it returns.

    `topic` is the event topic's full name: its partitions are those of the commands.
    """

    def __init__(  # noqa: PLR0913 -- what it decides from, where it writes to, whom it hears, and when
        self,
        database: Database,
        store: EventStore,
        letters: DeadLetters,
        hear_all: HearAll,
        clock: Clock,
        *,
        topic: str,
    ) -> None:
        self._database = database
        self._store = store
        self._letters = letters
        self._hear_all = hear_all
        self._clock = clock
        self._topic = topic

    async def decide(self, poll: Sequence[Received]) -> None:
        """Every command of `poll` has its outcome when this returns. Raises TransientErrors: then call it again."""
        items = [incoming(received) for received in poll]
        try:
            await self._decide(items)
        except ConflictError:
            log.info("a poll met another writer: its commands are decided one by one", count=len(items))
            for item in items:
                await self._decide([item])

    async def _decide(self, items: Sequence[Incoming]) -> None:
        """Before a command is refused, or decided by what others say, that is heard (architecture §2.3)."""
        done = await self._sit(items, heard=False)
        if done < len(items):
            await self._hear_all(sorted({item.received.place.partition for item in items}))
            await self._sit(items[done:], heard=True)

    async def _sit(self, items: Sequence[Incoming], *, heard: bool) -> int:
        """How many of `items` were dealt with: all, or those before the first for which others must be heard."""
        done = 0
        async with self._database.transaction(Seam.DECIDE) as c:
            await self._take_turns(c, items)
            desk = Desk(c)
            await desk.prefetch([item.message.body for item in items if item.message])
            known = await CommandOutcomes().get_many(c, [item.command_id for item in items if item.command_id])
            sitting = Sitting(desk, known, store=self._store, letters=self._letters, now=self._clock.now())
            for item in items:
                if not await sitting.deal_with(item, heard=heard):
                    break
                done += 1
            await sitting.end()
        _tell(sitting)
        return done

    async def _take_turns(self, c: Connection, items: Sequence[Incoming]) -> None:
        partitions = sorted({item.received.place.partition for item in items})
        await queries.hold_partitions(c, consumer=CONSUMER, topic=self._topic, partitions=partitions)


def _tell(sitting: Sitting) -> None:
    for item, outcome in sitting.outcomes:
        DECIDED.labels(outcome.outcome).inc()
        log.info(
            "command",
            command=item.name,
            command_id=str(outcome.command_id),
            outcome=outcome.outcome,
            stream=outcome.stream,
            actor=item.cause.actor,
            code=outcome.code,
            reason=outcome.reason,
        )
