"""What a handler returns: the events, and whose stream they belong to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

from contracts.envelope import Event, Message
from contracts.streams import stream

SERVICE: Final = "catalog"


@dataclass(frozen=True)
class Decided:
    """An accepted command: `events` of `entity`, which belongs to the app `app_id`.

    `before` and `behind` are what is decided with it in streams of their own, and told in that order. `by_others`: what
    other services have said so far makes a difference to it, so it holds only when that was heard.
    """

    entity: str
    entity_id: UUID
    app_id: UUID
    events: tuple[Event, ...]
    before: "tuple[Decided, ...]" = ()
    behind: "tuple[Decided, ...]" = ()
    by_others: bool = False

    @property
    def stream(self) -> str:
        """The stream that the events are appended to."""
        return stream(SERVICE, self.entity, self.entity_id)


@dataclass(frozen=True)
class Request:
    """A command at the moment of its decision."""

    message: Message[Any]
    now: datetime

    @property
    def actor(self) -> str:
        """Who asked, as the envelope says."""
        return self.message.envelope.actor

    def derived_id(self, what: str) -> UUID:
        """An id that follows from the command's: a command decided again has the same."""
        return uuid5(self.message.envelope.id, what)
