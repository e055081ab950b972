"""Why a backup is there or is not there any more, from what its log says (spec: product, "Why")."""

from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict

from contracts.envelope import Event, Message


class HistoryLine(BaseModel):
    """One event about a backup, as the read model keeps it: when, who asked for it, which service said what."""

    model_config = ConfigDict(frozen=True)

    at: AwareDatetime
    actor: str
    said_by: str
    what: str
    data: dict[str, Any]


def line(message: Message[Event]) -> HistoryLine:
    """The line of one event."""
    envelope = message.envelope
    return HistoryLine(
        at=envelope.time,
        actor=envelope.actor,
        said_by=envelope.source.removeprefix("nightkeep/"),
        what=type(message.body).__name__,
        data=message.body.model_dump(mode="json"),
    )
