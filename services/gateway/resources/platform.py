"""The platform's numbers and its dead letters as the HTTP API shows them."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from contracts.states import BackupState, RestoreState


class DeadLetter(BaseModel):
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
    headers: dict[str, str] = {}
    value: str | None = None


class Replayed(BaseModel):
    """The new id under which a dead letter was sent again."""

    dead_letter_id: str
    message_id: UUID


class DeadLetterPage(BaseModel):
    """Dead letters, newest first."""

    dead_letters: list[DeadLetter]
    next: str | None = None


class PlatformStatus(BaseModel):
    """What the gateway sees of the platform."""

    version: str
    user: str
    scopes: list[str]
    apps: int
    environments: int
    backups: dict[BackupState, int]
    restores: dict[RestoreState, int]
