"""Why a backup is there, or is not any more, from what the log says of it: as data, and in sentences (product, "Why").

`explain` reads the history lines that the read model keeps for every backup, for ever. Of time it knows what the lines
say: decisions are made by the business clock, leases end by PostgreSQL's.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from contracts.envelope import Event, Kind, Message
from contracts.events.backups import BackupKind, NightlySlot, Tier, WindowEnd
from contracts.events.retention import BlockerKind
from contracts.registry import BODIES
from contracts.states import BackupState
from contracts.values import Value

ClockName = Literal["business", "postgresql"]


class HistoryLine(BaseModel):
    """One event about a backup, as the read model keeps it: when, who asked for it, which service said what."""

    model_config = ConfigDict(frozen=True)

    at: AwareDatetime
    actor: str
    said_by: str
    what: str
    data: dict[str, Any]

    def event(self) -> Event:
        """The event itself."""
        body = BODIES[Kind.EVENT, self.what].model_validate(self.data)
        assert isinstance(body, Event)  # noqa: S101 -- what the key says
        return body


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


class Judgement(Value):
    """When and why an expiry was set: the tiers, each window with its end, by which version of which policy and rules.

    `because` is `accepted`, `policy_changed` or `failed`; no windows and no expiry: it is kept for ever.
    """

    at: AwareDatetime
    because: Literal["accepted", "policy_changed", "failed"]
    tiers: tuple[Tier, ...]
    windows: tuple[WindowEnd, ...]
    policy: str
    policy_version: int
    rule_version: int
    expires_at: AwareDatetime | None


class Hold(Value):
    """What held it, from when until when by which clock; without an end it still does. `by` is who asked for it."""

    kind: BlockerKind
    reason: str
    by: str
    since: AwareDatetime
    until: AwareDatetime | None
    clock: ClockName
    holder_id: UUID | None = None


class Ending(Value):
    """How it went: at its expiry (a sweep asked for it) or by a person's wish; `removed_at`: its manifest is gone."""

    why: Literal["expired", "deleted"]
    decided_at: AwareDatetime
    by: str
    clock: ClockName = "business"
    sweep_id: UUID | None = None
    was_last_good: bool = False
    removed_at: AwareDatetime | None = None


class Explanation(Value):
    """Why one backup is there or not, as data and as `sentences` for a person, in the order of what happened."""

    backup_id: UUID
    environment_id: UUID
    kind: BackupKind
    state: BackupState
    created_at: AwareDatetime
    created_by: str
    slot_date: date
    calendar_offset: str
    slot: NightlySlot | None
    fills_gap: date | None
    late: bool
    judgements: tuple[Judgement, ...]
    holds: tuple[Hold, ...]
    ending: Ending | None
    sentences: tuple[str, ...]


def explain(history: Sequence[HistoryLine], *, now: datetime) -> Explanation:
    """Why the backup with this `history` is there or not at the business time `now`.

    Raises ValueError when the history does not begin with its BackupRequested.
    """
    raise NotImplementedError
