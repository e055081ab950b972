"""Backups as rows: read to be changed by a rule, and written back in the same transaction."""

from typing import Any, Final
from uuid import UUID

from pydantic import TypeAdapter

from contracts.envelope import Cause
from contracts.states import BackupState
from services.platform.database import Connection, load_queries
from services.retention.domain.backup import Asked, Backup, Waits

queries = load_queries("services.retention")
_causes: Final = TypeAdapter(Cause)


async def find(c: Connection, backup_id: UUID) -> Backup | None:
    """What is known of a backup, its row locked; None: nothing, or nothing any more."""
    return _backup(await queries.find_backup(c, backup_id=backup_id))


async def find_asked(c: Connection, command_id: UUID) -> Backup | None:
    """The backup that this command asked for and that waits for its answer, its row locked."""
    return _backup(await queries.find_asked(c, command_id=command_id))


async def going(c: Connection, environment_id: UUID) -> list[Backup]:
    """The environment's backups that were let go and have not gone, their rows locked."""
    rows = [row async for row in queries.going_backups(c, environment_id=environment_id)]
    return [backup for row in rows if (backup := _backup(row)) is not None]


async def save(c: Connection, backup: Backup) -> None:
    """Keep what is known now."""
    asked = backup.asked
    await queries.save_backup(
        c,
        backup_id=backup.backup_id,
        environment_id=backup.environment_id,
        key=backup.key,
        created_at=backup.created_at,
        expires_at=backup.expires_at,
        state=backup.state,
        ask_from=backup.ask_from,
        round=backup.round,
        waits_for=backup.waits_for,
        reason=backup.reason,
        asked_sweep_id=asked.sweep_id if asked else None,
        asked_expires_at=asked.expires_at if asked else None,
        asked_at=asked.judged_at if asked else None,
        work_from=backup.work_from,
    )


def asked_of(row: Any) -> Asked | None:  # noqa: ANN401 -- a row of the driver
    """How a row's backup was asked for."""
    if row["asked_sweep_id"] is None:
        return None
    return Asked(row["asked_sweep_id"], row["asked_expires_at"], row["asked_at"])


def cause_of(row: Any) -> Cause:  # noqa: ANN401 -- a row of the driver
    """Because of what a row's work is done."""
    return _causes.validate_python(row["cause"])


def _backup(row: Any) -> Backup | None:  # noqa: ANN401 -- a row of the driver
    if row is None:
        return None
    return Backup(
        backup_id=row["backup_id"],
        environment_id=row["environment_id"],
        key=row["key"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        state=BackupState(row["state"]),
        ask_from=row["ask_from"],
        round=row["round"],
        waits_for=Waits(row["waits_for"]) if row["waits_for"] else None,
        reason=row["reason"],
        asked=asked_of(row),
        work_from=row["work_from"],
    )
