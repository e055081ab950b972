"""The audit as the HTTP API shows it, and what may be asked of it."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field

from contracts.envelope import Kind
from contracts.registry import BODIES
from contracts.values import Text
from services.gateway.resources.shapes import PageSize, Resource

EVENTS: Final = sorted(name for kind, name in BODIES if kind is Kind.EVENT)


def _event(name: str) -> str:
    if name not in EVENTS:
        raise ValueError(f"no event is called {name!r}: names are like BackupExpired, CommandRejected or RightUsed")
    return name


EventName = Annotated[str, AfterValidator(_event), Field(json_schema_extra={"enum": EVENTS})]


class AuditQuestion(BaseModel):
    """Which entries to show; what is not given does not matter. Whoever asks administers each place that is named.

    `actor` is who asked, as entries show it: `user:karla@example.com`, `nightly`. `what` are names of events; refused
    commands are `CommandRejected`, uses of rights `RightUsed`. `since` counts, `until` does not.
    """

    environment_id: UUID | None = None
    app_id: UUID | None = None
    organisation_id: UUID | None = None
    backup_id: UUID | None = None
    correlation_id: UUID | None = None
    actor: Text | None = None
    key_id: Text | None = None
    what: list[EventName] | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    after: str | None = None
    limit: PageSize = 100


class AuditEntry(Resource):
    """One event of the log: when, who asked for it, what, where, about what.

    `event_id`, `stream` and `sequence` are its place on the log; `correlation_id` is the command that began it all,
    `causation_id` the message that led directly to it. `actor_verified` says whether the gateway knew who that was.
    `ids` are what it names, `told` is what it says beside them; `left_out` names fields that are too long to be shown
    here. `rule` is by which rule a backup was kept until then, where the event takes it. Who lacks an app here acted
    where no app is.
    """

    event_id: UUID
    at: datetime
    what: str
    actor: str
    actor_kind: Literal["user", "service"]
    actor_verified: bool
    key_id: str | None = None
    said_by: str
    app_id: UUID | None = None
    environment_id: UUID | None = None
    backup_id: UUID | None = None
    ids: dict[str, str]
    told: dict[str, Any]
    left_out: list[str] = Field(default_factory=list)
    rule: dict[str, Any] = Field(default_factory=dict)
    stream: str
    sequence: int
    correlation_id: UUID
    causation_id: UUID | None = None


class AuditPage(Resource):
    """Entries, newest first."""

    entries: list[AuditEntry]
    next: str | None = None
