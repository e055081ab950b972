"""Looks across rows; they see what was decided before in the same transaction and is not written yet."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from contracts.simulation import GOVERNED
from contracts.states import BackupState, RestoreState
from services.catalog.adapters.desk import Desk, queries
from services.catalog.domain.decide.backups import LISTED
from services.catalog.domain.state.app import App
from services.catalog.domain.state.backup import Backup
from services.catalog.domain.state.environment import Environment
from services.catalog.domain.state.policy_change import OPEN, PolicyChange
from services.catalog.domain.state.restore import Restore
from services.catalog.domain.state.upload import Upload

READING: Final = frozenset({RestoreState.QUEUED, RestoreState.RUNNING})
"""States in which a restore needs its backup."""


async def slug_owner(desk: Desk, slug: str) -> UUID | None:
    """The living app that has `slug`."""
    for app in desk.decided(App).values():
        if app.slug == slug and not app.removed:
            return app.app_id
    owner: UUID | None = await queries.slug_owner(desk.c, slug=slug)
    return owner


async def newest_completed(desk: Desk, environment_id: UUID, *, besides: UUID | None = None) -> UUID | None:
    """The environment's completed backup that was accepted last, `besides` not counted; None when there is none."""
    decided = desk.decided(Backup)
    row = await queries.newest_completed(
        desk.c, environment_id=environment_id, besides=[*decided, *([besides] if besides else [])]
    )
    found = [(datetime.fromisoformat(row["created_at"]), row["id"])] if row else []
    found += [(one.created_at, one.backup_id) for one in decided.values() if _is_good(one, environment_id, besides)]
    return max(found)[1] if found else None


async def running_restores(desk: Desk, backup_id: UUID) -> list[UUID]:
    """The restores that are queued or running from a backup."""
    decided = desk.decided(Restore)
    stored = [row["id"] async for row in queries.running_restores(desk.c, backup_id=backup_id, besides=list(decided))]
    return stored + [one.restore_id for one in decided.values() if one.backup_id == backup_id and one.state in READING]


async def upload_needing(desk: Desk, backup: Backup) -> UUID | None:
    """The upload that is queued or running and has this backup as its way back."""
    environment = await desk.find(Environment, backup.environment_id)
    upload = await desk.find(Upload, environment.active_upload) if environment and environment.active_upload else None
    return upload.upload_id if upload and upload.safety_backup_id == backup.backup_id else None


async def restores_reading(desk: Desk, environment_id: UUID) -> dict[UUID, list[UUID]]:
    """The restores that are queued or running from an environment's backups, by backup."""
    decided = desk.decided(Restore)
    rows = queries.restores_reading(desk.c, environment_id=environment_id, besides=list(decided))
    found = [(UUID(row["backup_id"]), row["id"]) async for row in rows]
    new = (one for one in decided.values() if one.source_environment_id == environment_id and one.state in READING)
    reading: dict[UUID, list[UUID]] = {}
    for backup_id, restore_id in (*found, *((one.backup_id, one.restore_id) for one in new)):
        reading.setdefault(backup_id, []).append(restore_id)
    return reading


async def listed_backups(desk: Desk, environment_id: UUID) -> list[Backup]:
    """The environment's backups that are in the list, locked."""
    decided = desk.decided(Backup)
    rows = queries.listed_backups(desk.c, environment_id=environment_id, besides=list(decided))
    stored = await desk.find_all(Backup, [row["id"] async for row in rows])
    new = [one for one in decided.values() if one.environment_id == environment_id]
    return [one for one in (*stored, *new) if one.state in LISTED]


async def held_backups(desk: Desk, environment_id: UUID) -> list[Backup]:
    """The environment's backups that are held past their expiry."""
    decided = desk.decided(Backup)
    held = queries.held_backups(desk.c, environment_id=environment_id, besides=list(decided))
    stored = [await desk.find(Backup, one) for one in [row["id"] async for row in held]]
    new = [one for one in decided.values() if one.environment_id == environment_id and one.held]
    return [backup for backup in (*stored, *new) if backup is not None]


async def governed_backups(desk: Desk, environment_ids: Sequence[UUID]) -> list[Backup]:
    """The backups of these environments whose expiry follows from a policy."""
    decided = desk.decided(Backup)
    rows = queries.governed_backups(desk.c, environment_ids=list(environment_ids), besides=list(decided))
    stored = [Backup.model_validate(row["state"]) async for row in rows]
    wanted = set(environment_ids)
    new = [one for one in decided.values() if one.environment_id in wanted and one.state in GOVERNED]
    return stored + new


async def open_policy_change(
    desk: Desk, app_id: UUID, environment_id: UUID | None, environment_ids: Sequence[UUID]
) -> UUID | None:
    """A change that waits to be applied to existing backups.

    Of this place (an app, or one environment of it), or of the backups of one of `environment_ids`.
    """
    decided = desk.decided(PolicyChange)
    for one in decided.values():
        is_here = (one.app_id, one.environment_id) == (app_id, environment_id)
        if one.application in OPEN and (is_here or not set(environment_ids).isdisjoint(one.environment_ids)):
            return one.policy_change_id
    found: UUID | None = await queries.open_policy_change(
        desk.c,
        app_id=app_id,
        environment_id=environment_id,
        environment_ids=[str(one) for one in environment_ids],
        besides=list(decided),
    )
    return found


def _is_good(backup: Backup, environment_id: UUID, besides: UUID | None) -> bool:
    completed = backup.state is BackupState.COMPLETED and backup.environment_id == environment_id
    return completed and backup.backup_id != besides
