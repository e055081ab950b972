"""What the read model remembers of a backup: one line for each event about it."""

from dataclasses import dataclass
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict
from pydantic_core import to_json

from contracts.actors import person
from contracts.envelope import Body, Event, Kind, Message
from contracts.registry import BODIES


class HistoryLine(BaseModel):
    """One event about a backup: when, who asked for it, which service said what."""

    model_config = ConfigDict(frozen=True)

    at: AwareDatetime
    actor: str
    said_by: str
    what: str
    data: dict[str, Any]

    def event(self) -> Body:
        """The event itself."""
        return BODIES[Kind.EVENT, self.what].model_validate(self.data)


@dataclass(frozen=True)
class Told:
    """A line and its event."""

    line: HistoryLine
    event: Body

    @property
    def who(self) -> str:
        """Who asked for it, as people are named."""
        return person(self.line.actor)


def line(message: Message[Event], said: dict[str, Any]) -> str:
    """The HistoryLine of one event in JSON, of which nothing needs a check again; `said` is its body as JSON."""
    envelope = message.envelope
    fields = {
        "at": envelope.time,
        "actor": envelope.actor,
        "said_by": envelope.source.removeprefix("nightkeep/"),
        "what": type(message.body).__name__,
        "data": said,
    }
    return to_json(fields).decode()
