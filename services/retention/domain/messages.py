"""The words that retention sends: the request to let a backup go, and its tombstone."""

from datetime import datetime
from typing import Final
from uuid import UUID

from contracts.commands.retention import ExpireBackup
from contracts.envelope import Cause, Envelope, Message
from contracts.manifest import Burial, Tombstone
from contracts.streams import stream
from services.retention.domain.backup import Asked

ACTOR: Final = "retention"
SOURCE: Final = "nightkeep/retention"


def expire(backup_id: UUID, key: str, command_id: UUID, asked: Asked, now: datetime) -> Message[ExpireBackup]:
    """The command; sent again at another `now`, it is the same one."""
    envelope = Envelope(
        id=command_id,
        source=SOURCE,
        subject=stream("catalog", "backup", backup_id),
        time=now,
        key=key,
        correlation_id=command_id,
        actor=ACTOR,
    )
    body = ExpireBackup(
        backup_id=backup_id, sweep_id=asked.sweep_id, expires_at=asked.expires_at, judged_at=asked.judged_at
    )
    return Message(envelope, body)


def tombstone(backup_id: UUID, environment_id: UUID, why: str, by: str, now: datetime) -> Tombstone:
    """What stands in a deleted backup's place; `why` is `expired`, `deleted` or `shredded`, `by` the actor."""
    reason = "its time was over" if why == "expired" else f"{why} by {by.removeprefix('user:')}"
    return Tombstone(
        backup_id=backup_id,
        environment_id=environment_id,
        buried_at=now,
        why=Burial.DELETED,
        code=None,
        reason=reason,
    )


def own_cause(sweep_id: UUID) -> Cause:
    """Time has no message: what a sweep says by itself begins with the sweep."""
    return Cause(sweep_id, sweep_id, ACTOR)
