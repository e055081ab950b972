"""An environment: where it is, whether it may be backed up, what runs there and what is under way."""

from datetime import date
from typing import Any, Final
from uuid import UUID

from contracts.envelope import Event
from contracts.events import apps, backups, policies, restores, retention, shredding, slots, uploads
from contracts.events.backups import BackupKind
from contracts.retention import SUNDAY, Policy, tiers
from contracts.states import SlotState
from contracts.values import CloudVersion, DatabasePlace, FilesPlace, Hook, HookAction, Mode, Region, RunState, Schedule
from services.catalog.domain.state.aggregate import Aggregate, changed, without
from services.catalog.domain.state.policies import newest_version


class Environment(Aggregate):
    """`passed` tells whether a check of these places ever went well; without, no backup is taken.

    `active_backups`, `active_restore` (an undo counts as its restore), `active_upload` and `active_shredding` are what
    keeps it busy. `shreddings` are all that were ever asked for: none of their ids is used again.
    `undoable_restore` is the newest switch that can still be undone. `needs_model_version` is what its data needs
    after a restore of another version's backup, or after its package was removed, until that package is deployed; an
    undo brings back what was needed before.

    `policy` is its own, where it has one; `policy_version` that of the newest of its own. `gap` is a Sunday whose slot
    ended without a backup and that no nightly has made up for yet; `gap_filler` the nightly that is about to.
    `stopped_sweep` is the sweep that stopped at its cap and waits for a person; `stopped_schedule` how its schedule
    stopped, where it did. `hook_call` is what its platform is being asked, `hook_failure` why it did not do the last.
    """

    environment_id: UUID
    name: str
    mode: Mode
    region: Region
    cloud_version: CloudVersion
    database: DatabasePlace
    files: FilesPlace
    documents_query: str | None
    schedule: Schedule | None
    hook: Hook | None = None
    check_id: UUID
    passed: bool = False
    removed: bool = False
    run_state: RunState = RunState.STOPPED
    model_version: str | None = None
    package_bytes: int | None = None
    package_sha256: str | None = None
    needs_model_version: str | None = None
    needed_model_version_before: str | None = None
    restoring_model_version: str | None = None
    services: tuple[str, ...] = ()
    active_backups: tuple[UUID, ...] = ()
    active_restore: UUID | None = None
    active_shredding: UUID | None = None
    shreddings: tuple[UUID, ...] = ()
    active_upload: UUID | None = None
    undoable_restore: UUID | None = None
    policy: Policy | None = None
    policy_version: int = 0
    gap: date | None = None
    gap_filler: UUID | None = None
    stopped_sweep: retention.SweepStopped | None = None
    stopped_schedule: slots.ScheduleStopped | None = None
    hook_call: apps.HookCallRequested | None = None
    hook_failure: str | None = None


def evolve(environment: Environment | None, event: Event) -> Environment | None:
    """The environment after `event`, its own or another service's."""
    if isinstance(event, apps.EnvironmentRegistered):
        return Environment(**vars(event))
    if environment is None:
        return None
    for fold in FOLDS.get(type(event).__module__, ()):
        environment = fold(environment, event)
    return environment


def _on_description(environment: Environment, event: Event) -> Environment:
    match event:
        case apps.EnvironmentUpdated():
            described = changed(environment, **vars(event))
            return changed(described, passed=environment.passed and event.check_id == environment.check_id)
        case apps.EnvironmentRemoved():
            return changed(environment, removed=True)
        case apps.EnvironmentCheckRequested():
            return changed(environment, check_id=event.check_id)
        case apps.EnvironmentChecked() if event.check_id == environment.check_id:
            return changed(environment, passed=environment.passed or event.passed)
        case _:
            return environment


def _on_run_state(environment: Environment, event: Event) -> Environment:
    match event:
        case apps.PackageDeployed():
            needs = environment.needs_model_version
            left = None if needs == event.model_version else needs
            return changed(environment, **vars(event), needs_model_version=left)
        case apps.EnvironmentStarted():
            return changed(environment, run_state=RunState.RUNNING, hook_failure=None)
        case apps.EnvironmentStopped():
            return changed(environment, run_state=RunState.STOPPED, hook_failure=None)
        case apps.AppServicePublished():
            return changed(environment, services=(*environment.services, event.service_name))
        case apps.AppServiceUnpublished():
            left_services = tuple(name for name in environment.services if name != event.service_name)
            return changed(environment, services=left_services)
        case _:
            return environment


def _on_hook(environment: Environment, event: Event) -> Environment:
    asked = environment.hook_call
    match event:
        case apps.HookCallRequested():
            return changed(environment, hook_call=event, hook_failure=None)
        case apps.HookAnswered() if asked and asked.call_id == event.call_id:
            return changed(environment, hook_call=None, **_done(environment, asked))
        case apps.HookFailed() if asked and asked.call_id == event.call_id:
            return changed(environment, hook_call=None, hook_failure=event.reason)
        case _:
            return environment


def _done(environment: Environment, asked: apps.HookCallRequested) -> dict[str, Any]:
    """What the platform has changed."""
    if asked.action is HookAction.UNPUBLISH:
        return {"services": tuple(name for name in environment.services if name not in asked.app_services)}
    return {"run_state": RunState.STOPPED if asked.action is HookAction.STOP else RunState.RUNNING}


def _on_work(environment: Environment, event: Event) -> Environment:
    match event:
        case backups.BackupRequested():
            return changed(environment, active_backups=(*environment.active_backups, event.backup_id))
        case backups.BackupCompleted() | backups.BackupFailed():
            return changed(environment, active_backups=without(environment.active_backups, event.backup_id))
        case restores.RestoreRequested():
            restoring = event.model_version
            return changed(environment, active_restore=event.restore_id, restoring_model_version=restoring)
        case restores.RestoreUndoRequested():
            return changed(environment, active_restore=event.restore_id)
        case restores.RestoreCompleted():
            return _after_switch(environment, event)
        case restores.RestoreFailed() | restores.RestoreUndoFailed():
            return changed(environment, active_restore=None)
        case restores.RestoreUndone():
            return _after_undo(environment)
        case restores.RestoreGraceEnded() if event.restore_id == environment.undoable_restore:
            return changed(environment, undoable_restore=None)
        case _:
            return environment


def _on_upload(environment: Environment, event: Event) -> Environment:
    match event:
        case uploads.UploadRequested():
            return changed(environment, active_upload=event.upload_id)
        case uploads.PackageRemoved():
            needs = environment.needs_model_version or environment.model_version
            return changed(environment, **_NO_PACKAGE, needs_model_version=needs)
        case uploads.EnvironmentCleared():
            return changed(environment, **_NO_PACKAGE, needs_model_version=None, needed_model_version_before=None)
        case uploads.AppServicesUnpublished():
            left = tuple(name for name in environment.services if name not in event.service_names)
            return changed(environment, services=left)
        case uploads.DataUploaded():
            needs = _unless_deployed(environment, event.model_version)
            return changed(environment, active_upload=None, needs_model_version=needs)
        case uploads.UploadFailed():
            return changed(environment, active_upload=None)
        case _:
            return environment


_NO_PACKAGE = dict.fromkeys(("model_version", "package_bytes", "package_sha256"))


def _on_gap(environment: Environment, event: Event) -> Environment:
    match event:
        case slots.SlotEnded() if event.state is not SlotState.COMPLETED and event.slot_date.weekday() == SUNDAY:
            return changed(environment, gap=_wider(environment.gap, event.slot_date), gap_filler=None)
        case backups.BackupRequested(kind=BackupKind.NIGHTLY, recovered_at=None) if (
            environment.gap and environment.gap_filler is None
        ):
            return changed(environment, gap_filler=event.backup_id)
        case backups.BackupCompleted() if event.backup_id == environment.gap_filler:
            return changed(environment, gap=None, gap_filler=None)
        case backups.BackupFailed() if event.backup_id == environment.gap_filler:
            return changed(environment, gap_filler=None)
        case _:
            return environment


def _wider(before: date | None, sunday: date) -> date:
    """Of two Sundays without a backup the one in more tiers, else the newer: one backup makes up for both."""
    return max((before or sunday, sunday), key=lambda day: (len(tiers(day)), day))


def _on_retention(environment: Environment, event: Event) -> Environment:
    match event:
        case policies.PolicyChanged(environment_id=UUID()):
            version = newest_version(environment.policy_version, event.policy)
            return changed(environment, policy=event.policy, policy_version=version)
        case shredding.ShreddingRequested():
            known = (*environment.shreddings, event.shred_id)
            return changed(environment, active_shredding=event.shred_id, shreddings=known)
        case shredding.BackupsShredded() | shredding.ShreddingFailed():
            return changed(environment, active_shredding=None)
        case retention.SweepStopped():
            return changed(environment, stopped_sweep=event)
        case retention.SweepApproved():
            return changed(environment, stopped_sweep=None)
        case retention.SweepResumed() if environment.stopped_sweep:
            same = environment.stopped_sweep.sweep_id == event.sweep_id
            return changed(environment, stopped_sweep=None) if same else environment
        case _:
            return environment


def _on_schedule(environment: Environment, event: Event) -> Environment:
    match event:
        case slots.ScheduleStopped():
            return changed(environment, stopped_schedule=event)
        case slots.ScheduleApproved():
            return changed(environment, stopped_schedule=None)
        case slots.ScheduleResumed() if environment.stopped_schedule:
            same = environment.stopped_schedule.stop_id == event.stop_id
            return changed(environment, stopped_schedule=None) if same else environment
        case _:
            return environment


def _after_switch(environment: Environment, event: restores.RestoreCompleted) -> Environment:
    return changed(
        environment,
        active_restore=None,
        undoable_restore=event.restore_id,
        needs_model_version=_unless_deployed(environment, environment.restoring_model_version),
        needed_model_version_before=environment.needs_model_version,
    )


def _after_undo(environment: Environment) -> Environment:
    return changed(
        environment,
        active_restore=None,
        undoable_restore=None,
        needs_model_version=_unless_deployed(environment, environment.needed_model_version_before),
    )


def _unless_deployed(environment: Environment, model_version: str | None) -> str | None:
    return None if model_version == environment.model_version else model_version


FOLDS: Final = {
    apps.__name__: (_on_description, _on_run_state, _on_hook),
    backups.__name__: (_on_work, _on_gap),
    restores.__name__: (_on_work,),
    uploads.__name__: (_on_upload,),
    slots.__name__: (_on_gap, _on_schedule),
    policies.__name__: (_on_retention,),
    retention.__name__: (_on_retention,),
    shredding.__name__: (_on_retention,),
}
"""What looks at the events of each module: to ask after each class of each event would cost more than all the rest."""
