"""How each command ended: written in the decision's transaction, never pruned, and the gateway's answer."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.platform.database import Connection, load_queries
from services.platform.database.errors import translated

queries = load_queries("services.platform.eventstore")


@dataclass(frozen=True)
class CommandOutcome:
    """One command's end. `stream` and `sequence` name the last event that it caused; CommandRejected counts as one.

    `body_hash` is `contracts.codec.body_hash(record).hex()` of the command.
    """

    command_id: UUID
    body_hash: str
    outcome: Literal["accepted", "rejected"]
    decided_at: datetime
    stream: str
    sequence: int
    environment_id: UUID | None = None
    code: str | None = None
    reason: str | None = None
    field: str | None = None


class CommandOutcomes:
    """Rows of `command_outcome` in the service's own schema."""

    async def get(self, c: Connection, command_id: UUID) -> CommandOutcome | None:
        """How the command ended, or None when it has not."""
        return (await self.get_many(c, [command_id])).get(command_id)

    async def get_many(self, c: Connection, command_ids: Sequence[UUID]) -> dict[UUID, CommandOutcome]:
        """The same for a poll's commands at once."""
        rows = queries.outcomes(c, command_ids=list(command_ids))
        return {row["command_id"]: CommandOutcome(**dict(row)) async for row in rows}

    async def put(self, c: Connection, outcome: CommandOutcome) -> None:
        """Keep how a command ended. Raises ConflictError when it had ended before."""
        with translated():
            await queries.put_outcome(c, **asdict(outcome))

    async def put_all(self, c: Connection, outcomes: Sequence[CommandOutcome]) -> None:
        """The same for a poll's commands at once. Raises ConflictError when one of them had ended before."""
        with translated():
            await queries.put_outcomes(
                c,
                command_ids=[one.command_id for one in outcomes],
                body_hashes=[one.body_hash for one in outcomes],
                outcomes=[one.outcome for one in outcomes],
                decided_ats=[one.decided_at for one in outcomes],
                streams=[one.stream for one in outcomes],
                sequences=[one.sequence for one in outcomes],
                environment_ids=[one.environment_id for one in outcomes],
                codes=[one.code for one in outcomes],
                reasons=[one.reason for one in outcomes],
                fields=[one.field for one in outcomes],
            )
