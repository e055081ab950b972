"""HTTP to commands: puts a command on the log and waits for its one outcome (architecture §2.7).

What is not known is never told as failed: the same request repeated under the same key gets the one answer.
"""

import asyncio
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from contracts import codec
from contracts.defaults import COMMAND_BYTES
from contracts.envelope import Cause, Command, Envelope, Message
from contracts.errors import RejectionCode
from contracts.topics import Topic
from services.gateway.adapters.goodbye import Goodbye
from services.gateway.adapters.outcomes import OutcomeWatch
from services.gateway.domain import identity
from services.gateway.domain.refusals import NotKnownYetError, RefusalError, key_reused, rejection
from services.gateway.domain.rights import Caller
from services.platform.eventstore.outcomes import CommandOutcome
from services.platform.messaging.errors import RecordRefusedError
from services.platform.messaging.producer import Producer
from services.platform.process.clock import Clock
from services.platform.process.errors import TransientError

SOURCE: Final = "nightkeep/gateway"


@dataclass(frozen=True)
class Intent:
    """Who wants something, under which idempotency key; the ids of all that follows come from these two.

    `is_new` says that the key was made for this very request: nothing can be known of it.
    """

    caller: Caller
    idempotency_key: str
    is_new: bool = False

    @property
    def command_id(self) -> UUID:
        """The command's id: the same for the same request repeated."""
        return identity.command_id(self.caller.user, self.idempotency_key)

    @property
    def cause(self) -> Cause:
        """What leads to events that the gateway writes itself."""
        return Cause(self.command_id, self.command_id, self.caller.actor, actor_verified=True)

    def created_id(self, entity: str) -> UUID:
        """The id of the `entity` that the command creates."""
        return identity.created_id(self.command_id, entity)


class Decisions:
    """Has the catalog decide commands."""

    def __init__(
        self,
        producer: Producer,
        outcomes: OutcomeWatch,
        clock: Clock,
        goodbye: Goodbye,
        answer_seconds: float,
    ) -> None:
        self._producer = producer
        self._outcomes = outcomes
        self._clock = clock
        self._goodbye = goodbye
        self._answer_seconds = answer_seconds

    async def decide(self, intent: Intent, body: Command, key: str) -> CommandOutcome:
        """The acceptance of `body`, sent under the Kafka key `key`.

        Raises RefusalError when it was refused, and NotKnownYetError when that is not known in time.
        """
        record = self._record(intent, body, key)
        outcome = await self._outcome(intent, record)
        if outcome.body_hash != codec.body_hash(record).hex():
            raise key_reused()
        if outcome.outcome == "rejected":
            raise rejection(outcome.code or "", outcome.reason or "", outcome.field)
        return outcome

    async def known(self, intent: Intent) -> CommandOutcome | None:
        """What the catalog has said to this intent before, if anything."""
        return None if intent.is_new else await self._outcomes.find(intent.command_id)

    def _record(self, intent: Intent, body: Command, key: str) -> codec.RawRecord:
        envelope = Envelope(
            id=intent.command_id,
            source=SOURCE,
            time=self._clock.now(),
            key=key,
            correlation_id=intent.command_id,
            actor=intent.caller.actor,
            actor_verified=True,
        )
        record = codec.encode(Message(envelope, body))
        if len(record.value or b"") > COMMAND_BYTES:
            raise RefusalError(413, RejectionCode.TOO_LARGE, f"a command has at most {COMMAND_BYTES} bytes")
        return record

    async def _outcome(self, intent: Intent, record: codec.RawRecord) -> CommandOutcome:
        try:
            async with self._goodbye.patience(self._answer_seconds):
                return await self.known(intent) or await self._sent(intent.command_id, record)
        except (TimeoutError, TransientError) as error:
            raise NotKnownYetError from error
        except RecordRefusedError as error:
            raise RefusalError(400, RejectionCode.INVALID_PARAMETERS, "the log does not take this command") from error

    async def _sent(self, command_id: UUID, record: codec.RawRecord) -> CommandOutcome:
        """Waits from before the send on: an outcome may be there before the send has returned."""
        waiting = asyncio.ensure_future(self._outcomes.wait(command_id))
        try:
            await self._producer.send(Topic.COMMANDS, record)
            return await waiting
        finally:
            waiting.cancel()
