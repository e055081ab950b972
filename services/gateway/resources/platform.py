"""The platform's numbers and its dead letters as the HTTP API shows them."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from contracts.states import BackupState, RestoreState
from services.gateway.resources.shapes import Resource


class DeadLetter(Resource):
    """A record that was no message, or could not be handled: where it came from and why it lies here.

    `value` is its text with secrets blacked out; null where it is no text.
    """

    dead_letter_id: str
    refused_at: datetime
    topic: str
    partition: int
    offset: int
    refused_by: str
    code: str
    reason: str
    field: str | None = None
    message_id: str | None = None
    message_type: str | None = None
    key: str | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    value: str | None = None


class Replayed(Resource):
    """The new id under which a dead letter was sent again."""

    dead_letter_id: str
    message_id: UUID


class DeadLetterPage(Resource):
    """Dead letters, newest first."""

    dead_letters: list[DeadLetter]
    next: str | None = None


class PlatformStatus(Resource):
    """What the gateway sees of the platform."""

    version: str
    user: str
    scopes: list[str]
    apps: int
    environments: int
    backups: dict[BackupState, int]
    restores: dict[RestoreState, int]
