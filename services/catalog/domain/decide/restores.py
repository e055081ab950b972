"""Decisions on restores (spec: environments, "The restore", step 1)."""

from datetime import datetime
from uuid import UUID

from contracts.commands.restores import CancelPreflight, CancelRestore, RequestPreflight, RequestRestore, UndoRestore
from contracts.errors import RejectionCode
from contracts.events.restores import (
    PreflightCancelRequested,
    PreflightRequested,
    RestoreCancelRequested,
    RestoreGraceEnded,
    RestoreRequested,
    RestoreUndoRequested,
)
from contracts.facts import Facts
from contracts.states import BackupState, RestoreState
from contracts.values import Warning  # noqa: A004 -- the product's word
from services.catalog.domain.decide.backups import known as known_backup
from services.catalog.domain.decide.environments import is_running, refuse_busy
from services.catalog.domain.decide.environments import known as known_environment
from services.catalog.domain.refusals import RefusedError
from services.catalog.domain.state.backup import Backup
from services.catalog.domain.state.environment import Environment
from services.catalog.domain.state.preflight import Preflight
from services.catalog.domain.state.restore import Restore
from services.catalog.domain.versions import is_older


def request_restore(  # noqa: PLR0913 -- what was asked, of what, into what, by whom, when
    restore: Restore | None,
    backup: Backup | None,
    environment: Environment | None,
    command: RequestRestore,
    *,
    requested_by: str,
    now: datetime,
) -> RestoreRequested:
    """Decided from rows alone; what needs a look at the destination is the first step of the work."""
    if restore is not None:
        raise RefusedError(RejectionCode.ALREADY_EXISTS, f"restore {command.restore_id} exists", field="restore_id")
    backup = _restorable(backup, command.backup_id)
    environment = _destination(environment, command.environment_id, backup)
    refuse_running(environment)
    refuse_busy(environment)
    return RestoreRequested(
        **_what(backup, environment),
        restore_id=command.restore_id,
        database_only=command.database_only,
        requested_at=now,
        requested_by=requested_by,
        model_version=backup.model_version,
        warnings=warnings(backup, environment),
    )


def request_preflight(
    preflight: Preflight | None, backup: Backup | None, environment: Environment | None, command: RequestPreflight
) -> PreflightRequested:
    """A look alone: it is not refused for what would refuse the restore; its findings say that."""
    if preflight is not None:
        reason = f"preflight {command.preflight_id} exists"
        raise RefusedError(RejectionCode.ALREADY_EXISTS, reason, field="preflight_id")
    backup = _restorable(backup, command.backup_id)
    environment = _destination(environment, command.environment_id, backup)
    return PreflightRequested(
        **_what(backup, environment),
        preflight_id=command.preflight_id,
        database_only=command.database_only,
        warnings=(*warnings(backup, environment), *standing_in_the_way(environment)),
        facts=Facts(
            run_state=environment.run_state,
            model_version=environment.model_version,
            backup_model_version=backup.model_version,
        ),
    )


def cancel_preflight(preflight: Preflight | None, command: CancelPreflight) -> PreflightCancelRequested:
    """While nothing was found yet; what is told first then stands."""
    preflight = known_preflight(preflight, command.preflight_id)
    if preflight.state != "running":
        reason = f"this preflight has {preflight.state}: there is nothing to cancel"
        raise RefusedError(RejectionCode.NOT_ALLOWED, reason, field="preflight_id")
    if preflight.cancel_requested:
        reason = "this preflight is being cancelled already"
        raise RefusedError(RejectionCode.NOT_ALLOWED, reason, field="preflight_id")
    return PreflightCancelRequested(preflight_id=preflight.preflight_id, environment_id=preflight.environment_id)


def cancel_restore(restore: Restore | None, command: CancelRestore) -> RestoreCancelRequested:
    """While it is queued or running; the committed switch then decides."""
    restore = known(restore, command.restore_id)
    if restore.state not in {RestoreState.QUEUED, RestoreState.RUNNING}:
        raise RefusedError(
            RejectionCode.NOT_ALLOWED,
            f"this restore is {restore.state}: there is nothing to cancel",
            field="restore_id",
        )
    if restore.cancel_requested:
        raise RefusedError(RejectionCode.NOT_ALLOWED, "this restore is being cancelled already", field="restore_id")
    return RestoreCancelRequested(restore_id=restore.restore_id, environment_id=restore.environment_id)


def undo_restore(
    restore: Restore | None, environment: Environment | None, command: UndoRestore, *, requested_by: str, now: datetime
) -> RestoreUndoRequested:
    """Within the grace, and only the newest switch of the environment."""
    restore = known(restore, command.restore_id)
    if restore.state is not RestoreState.COMPLETED:
        raise RefusedError(RejectionCode.NOT_ALLOWED, f"this restore is {restore.state}", field="restore_id")
    environment = known_environment(environment, restore.environment_id)
    _refuse_late(restore, environment, now)
    refuse_running(environment)
    refuse_busy(environment)
    return RestoreUndoRequested(
        restore_id=restore.restore_id, environment_id=restore.environment_id, requested_by=requested_by
    )


def end_grace(restore: Restore, environment: Environment | None, *, now: datetime) -> RestoreGraceEnded | None:
    """What the clock says of a restore that can be undone; None while it still can, or while an undo is under way."""
    over = restore.state is RestoreState.COMPLETED and restore.undo_until is not None and now >= restore.undo_until
    busy = environment is not None and environment.active_restore == restore.restore_id
    if restore.grace_ended or busy or not over:
        return None
    return _grace_ended(restore, "its time was over")


def end_grace_for_newer(restore: Restore, newer: str) -> RestoreGraceEnded | None:
    """What a newer switch does to an older one; None when its grace had ended already."""
    if restore.grace_ended or restore.state is not RestoreState.COMPLETED:
        return None
    return _grace_ended(restore, f"{newer} has switched since")


def known(restore: Restore | None, restore_id: UUID) -> Restore:
    """The restore, when there is one. Raises RefusedError."""
    if restore is None:
        raise RefusedError(RejectionCode.NOT_FOUND, f"there is no restore {restore_id}", field="restore_id")
    return restore


def known_preflight(preflight: Preflight | None, preflight_id: UUID) -> Preflight:
    """The preflight, when there is one. Raises RefusedError."""
    if preflight is None:
        raise RefusedError(RejectionCode.NOT_FOUND, f"there is no preflight {preflight_id}", field="preflight_id")
    return preflight


def refuse_running(environment: Environment) -> None:
    """Refuse to change the data under a running app."""
    if is_running(environment):
        raise RefusedError(
            RejectionCode.NOT_ALLOWED, f"the app runs in {environment.name}: stop it first", field="environment_id"
        )


def warnings(backup: Backup, environment: Environment) -> tuple[Warning, ...]:
    """What the person should know and may go on with."""
    if not is_older(backup.model_version, environment.model_version):
        return ()
    return (
        Warning(
            code="OLDER_MODEL_VERSION",
            message=f"the backup was made by model version {backup.model_version}, {environment.name} runs "
            f"{environment.model_version}: deploy the older model after the restore",
        ),
    )


def standing_in_the_way(environment: Environment) -> tuple[Warning, ...]:
    """What would refuse a restore at this moment, told as warnings to a preflight."""
    try:
        refuse_running(environment)
        refuse_busy(environment)
    except RefusedError as refused:
        return (Warning(code=refused.code.value, message=refused.reason),)
    return ()


def _restorable(backup: Backup | None, backup_id: UUID) -> Backup:
    backup = known_backup(backup, backup_id)
    if backup.state is not BackupState.COMPLETED:
        reason = f"backup {backup_id} is {backup.state}: only a completed one can be restored"
        raise RefusedError(RejectionCode.NOT_ALLOWED, reason, field="backup_id")
    return backup


def _destination(environment: Environment | None, environment_id: UUID, backup: Backup) -> Environment:
    environment = known_environment(environment, environment_id)
    if environment.app_id != backup.app_id:
        raise RefusedError(
            RejectionCode.NOT_ALLOWED,
            "the destination belongs to another app: a backup is restored into an environment of its own app",
            field="environment_id",
        )
    return environment


def _refuse_late(restore: Restore, environment: Environment, now: datetime) -> None:
    over = restore.grace_ended or restore.undo_until is None or now >= restore.undo_until
    if over or environment.undoable_restore != restore.restore_id:
        raise RefusedError(
            RejectionCode.NOT_ALLOWED,
            "the time to undo this restore is over: its grace ended, or a newer one has switched since",
            field="restore_id",
        )


def _what(backup: Backup, environment: Environment) -> dict[str, object]:
    return {
        "backup_id": backup.backup_id,
        "app_id": backup.app_id,
        "environment_id": environment.environment_id,
        "source_environment_id": backup.environment_id,
        "manifest_key": backup.manifest_key,
        "manifest_hash": backup.manifest_hash,
    }


def _grace_ended(restore: Restore, reason: str) -> RestoreGraceEnded:
    return RestoreGraceEnded(restore_id=restore.restore_id, environment_id=restore.environment_id, reason=reason)
