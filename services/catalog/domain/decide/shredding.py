"""Decisions on shredding: all backups of an environment become unreadable, unless something works with one of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from contracts.commands.retention import ShredBackups
from contracts.errors import RejectionCode
from contracts.events.retention import BackupDeletionRequested, Blocker, BlockerKind
from contracts.events.shredding import ShreddingRequested
from contracts.states import BackupState
from services.catalog.domain.decide.environments import refuse_busy
from services.catalog.domain.refusals import RefusedError
from services.catalog.domain.state.backup import Backup
from services.catalog.domain.state.environment import Environment

NAMED: Final = 3
"""Blockers that a refusal names."""

Shred = tuple[Sequence[BackupDeletionRequested], ShreddingRequested]


def shred_backups(
    environment: Environment,
    command: ShredBackups,
    there: Sequence[tuple[Backup, Sequence[Blocker]]],
    *,
    requested_by: str,
    now: datetime,
) -> Shred:
    """All that is `there` goes, each with what holds it, the guard not counted: a person said that all shall go."""
    if command.shred_id in environment.shreddings:
        raise RefusedError(RejectionCode.ALREADY_EXISTS, f"shredding {command.shred_id} exists", field="shred_id")
    _refuse_unconfirmed(environment, command)
    refuse_busy(environment)
    _refuse_held([(backup, blocker) for backup, held in there for blocker in held])
    backups = [backup for backup, _ in there]
    told = {"environment_id": environment.environment_id, "shred_id": command.shred_id}
    by = {"requested_at": now, "requested_by": requested_by}
    newest = max((one for one in backups if _is_completed(one)), key=lambda one: one.created_at, default=None)
    deletions = [
        BackupDeletionRequested(**told, **by, backup_id=one.backup_id, was_last_good=one is newest) for one in backups
    ]
    completed = sum(map(_is_completed, backups))
    return deletions, ShreddingRequested(**told, **by, backup_count=completed, failed_count=len(backups) - completed)


def _is_completed(backup: Backup) -> bool:
    return backup.state is BackupState.COMPLETED


def _refuse_unconfirmed(environment: Environment, command: ShredBackups) -> None:
    if command.confirm_name != environment.name:
        raise RefusedError(
            RejectionCode.INVALID_PARAMETERS,
            f"this environment is called {environment.name!r}: say that name to shred all its backups, for good",
            field="confirm_name",
        )


def _refuse_held(held: Sequence[tuple[Backup, Blocker]]) -> None:
    if not held:
        return
    said = [f"backup {backup.backup_id}: {blocker.reason}" for backup, blocker in held]
    pinned = all(blocker.kind is BlockerKind.PIN for _, blocker in held)
    more = f"; and {len(said) - NAMED} more" if len(said) > NAMED else ""
    raise RefusedError(
        RejectionCode.NOT_ALLOWED if pinned else RejectionCode.ENVIRONMENT_BUSY,
        f"these backups are held: {'; '.join(said[:NAMED])}{more}",
        field="environment_id",
    )
