"""The decisions of one transaction: every command gets its one outcome, in the order in which they came."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from contracts.codec import NUL
from contracts.envelope import Command, Message
from contracts.errors import DecodeError, RejectionCode
from contracts.events.commands import CommandRejected
from contracts.streams import stream
from contracts.topics import PLATFORM_KEY
from services.catalog.adapters.desk import SERVICE, Desk
from services.catalog.domain.refusals import RefusedError, refuse_foreign_key
from services.catalog.handlers.decided import Decided, Request
from services.catalog.handlers.registry import HANDLERS
from services.catalog.incoming import Incoming
from services.platform.eventstore.outcomes import CommandOutcome, CommandOutcomes
from services.platform.eventstore.store import Append, EventStore
from services.platform.messaging.deadletters import DeadLetters

KEPT_CHARACTERS: Final = 1_000
OTHER_BODY: Final = "this command id was decided with another body: its first outcome stands; send a new id"


class Sitting:
    """Deals with one command after another, and writes at its `end`; `known` are the outcomes that there were before.

    `outcomes` are those that it added, for the log lines after the commit.
    """

    def __init__(
        self,
        desk: Desk,
        known: Mapping[UUID, CommandOutcome],
        *,
        store: EventStore,
        letters: DeadLetters,
        now: datetime,
    ) -> None:
        self._desk = desk
        self._known = dict(known)
        self._store = store
        self._letters = letters
        self._now = now
        self._appends: list[Append] = []
        self.outcomes: list[tuple[Incoming, CommandOutcome]] = []

    async def deal_with(self, item: Incoming, *, heard: bool) -> bool:
        """Whether `item` was dealt with; False when what others have said must be `heard` first.

        That is before a refusal, and before what is decided by what they said.
        """
        if item.command_id in self._known:
            await self._seen_before(item, self._known[item.command_id])
            return True
        if item.message is None:
            await self._undecodable(item, item.error or DecodeError("it is no command"))
            return True
        try:
            decided = await self._decided(item.message)
        except RefusedError as refused:
            if heard:
                self._reject(item, item.message.envelope.id, refused)
            return heard
        if decided.by_others and not heard:
            return False
        await self._accept(item, item.message.envelope.id, decided)
        return True

    async def end(self) -> None:
        """Write what was decided: rows, events, outcomes. Raises ConflictError when another writer was faster."""
        if self.outcomes:
            await self._desk.write()
            await self._store.append_all(self._desk.c, self._appends, now=self._now)
            await CommandOutcomes().put_all(self._desk.c, [outcome for _, outcome in self.outcomes])

    async def _decided(self, message: Message[Command]) -> Decided:
        _refuse_overdue(message, self._now)
        handler = HANDLERS[type(message.body)]
        decided = await handler(self._desk, message.body, Request(message, self._now))
        refuse_foreign_key(message.envelope.key, decided.app_id)
        return decided

    async def _seen_before(self, item: Incoming, outcome: CommandOutcome) -> None:
        if item.body_hash != outcome.body_hash:
            await self._letters.put(item.received, code=RejectionCode.ALREADY_EXISTS, reason=OTHER_BODY, field="ce_id")

    async def _undecodable(self, item: Incoming, error: DecodeError) -> None:
        await self._letters.put(item.received, code=error.code, reason=error.reason, field=error.field)
        if item.command_id is not None:
            field = error.field and _kept(error.field)
            self._reject(item, item.command_id, RefusedError(error.code, _kept(error.reason), field=field))

    async def _accept(self, item: Incoming, command_id: UUID, decided: Decided) -> None:
        place = self._desk.place(decided.stream)
        for one in (*decided.before, decided, *decided.behind):
            await self._append(item, one)
        outcome = CommandOutcome(
            command_id=command_id,
            body_hash=item.body_hash,
            outcome="accepted",
            decided_at=self._now,
            stream=decided.stream,
            sequence=place + len(decided.events),
            environment_id=getattr(decided.events[-1], "environment_id", None),
        )
        self._conclude(item, outcome)

    async def _append(self, item: Incoming, decided: Decided) -> None:
        place = self._desk.place(decided.stream)
        for event in decided.events:
            await self._desk.apply(event, decided.stream)
        self._appends.append(Append(decided.stream, decided.events, item.cause, str(decided.app_id), after=place))

    def _reject(self, item: Incoming, command_id: UUID, refused: RefusedError) -> None:
        body = item.message.body if item.message else None
        app_id = self._desk.app_of(body) if body else None
        own = stream(SERVICE, "command", command_id)
        rejected = CommandRejected(
            command_id=command_id,
            command=_kept(item.name),
            code=refused.code,
            reason=refused.reason,
            field=refused.field,
        )
        key = str(app_id) if app_id else PLATFORM_KEY
        self._appends.append(Append(own, [rejected], item.cause, key, after=0))
        outcome = CommandOutcome(
            command_id=command_id,
            body_hash=item.body_hash,
            outcome="rejected",
            decided_at=self._now,
            stream=own,
            sequence=1,
            environment_id=self._desk.environment_of(body),
            code=refused.code,
            reason=refused.reason,
            field=refused.field,
        )
        self._conclude(item, outcome)

    def _conclude(self, item: Incoming, outcome: CommandOutcome) -> None:
        self._known[outcome.command_id] = outcome
        self.outcomes.append((item, outcome))


def _kept(text: str) -> str:
    """What strangers wrote, as far as it is worth keeping for ever and PostgreSQL can."""
    return text.replace(NUL, "\N{REPLACEMENT CHARACTER}")[:KEPT_CHARACTERS]


def _refuse_overdue(message: Message[Command], now: datetime) -> None:
    not_after = message.envelope.not_after
    if not_after is not None and now > not_after:
        raise RefusedError(
            RejectionCode.OVERDUE,
            f"it was to be decided by {not_after.isoformat()}: send it again if it is still wanted",
            field="ce_notafter",
        )
