"""The outcome of a command that was refused."""

from uuid import UUID

from contracts.envelope import Event
from contracts.errors import RejectionCode


class CommandRejected(Event):
    """A command had no effect; `field` names the culprit where there is one."""

    command_id: UUID
    command: str
    code: RejectionCode
    reason: str
    field: str | None = None
