"""Decisions on environments: what is known of them, and what runs there."""

from typing import Any, Final
from uuid import UUID
from zoneinfo import available_timezones

from contracts.commands.apps import (
    CheckEnvironment,
    DeployPackage,
    PublishAppService,
    RegisterEnvironment,
    RemoveEnvironment,
    StartEnvironment,
    StopEnvironment,
    UnpublishAppService,
    UpdateEnvironment,
)
from contracts.errors import RejectionCode
from contracts.events.apps import (
    AppServicePublished,
    AppServiceUnpublished,
    EnvironmentCheckRequested,
    EnvironmentRegistered,
    EnvironmentRemoved,
    EnvironmentStarted,
    EnvironmentStopped,
    EnvironmentUpdated,
    HookCallRequested,
    PackageDeployed,
)
from contracts.values import HookAction, RunState, Schedule, WallClockSchedule
from services.catalog.domain.decide.apps import known as known_app
from services.catalog.domain.refusals import RefusedError
from services.catalog.domain.state.app import App
from services.catalog.domain.state.environment import Environment

PLACES: Final = ("database", "files", "documents_query")
"""What a check looked at."""
NO_ZONES: Final = frozenset({"localtime", "Factory"})
"""Listed as zones on some machines, but another on each, or none: a slot's date must not depend on who computes it."""


def known(environment: Environment | None, environment_id: UUID) -> Environment:
    """The environment, when there is one. Raises RefusedError."""
    return remembered(None if environment is None or environment.removed else environment, environment_id)


def remembered(environment: Environment | None, environment_id: UUID) -> Environment:
    """The environment, a removed one too: its backups still expire. Raises RefusedError."""
    if environment is None:
        raise RefusedError(
            RejectionCode.ENVIRONMENT_NOT_FOUND, f"there is no environment {environment_id}", field="environment_id"
        )
    return environment


def refuse_restoring(environment: Environment) -> None:
    """Refuse what must not happen between the acceptance of a restore or upload and its end (spec: environments)."""
    if environment.active_restore is not None:
        raise RefusedError(
            RejectionCode.ENVIRONMENT_BUSY,
            f"restore {environment.active_restore} is under way in {environment.name}: wait for its end or cancel it",
            field="environment_id",
        )
    if environment.active_upload is not None:
        raise RefusedError(
            RejectionCode.ENVIRONMENT_BUSY,
            f"upload {environment.active_upload} is under way in {environment.name}: wait for its end or cancel it",
            field="environment_id",
        )


def refuse_shredding(environment: Environment) -> None:
    """Refuse until its backups are shredded."""
    if environment.active_shredding is not None:
        raise RefusedError(
            RejectionCode.ENVIRONMENT_BUSY,
            f"the backups of {environment.name} are being shredded ({environment.active_shredding}): wait for its end",
            field="environment_id",
        )


def refuse_asking(environment: Environment) -> None:
    """Refuse until the platform has answered."""
    if environment.hook_call is not None:
        raise RefusedError(
            RejectionCode.ENVIRONMENT_BUSY,
            f"the platform is being asked to {environment.hook_call.action} {environment.name}: wait for its answer",
            field="environment_id",
        )


def refuse_busy(environment: Environment) -> None:
    """Refuse while a backup, restore, upload or shredding is queued or running there, or its hook, naming it."""
    refuse_restoring(environment)
    refuse_shredding(environment)
    refuse_asking(environment)
    if environment.active_backups:
        raise RefusedError(
            RejectionCode.ENVIRONMENT_BUSY,
            f"backup {environment.active_backups[0]} is under way in {environment.name}: wait for its end or cancel it",
            field="environment_id",
        )


def register_environment(
    environment: Environment | None, app: App | None, command: RegisterEnvironment, *, check_id: UUID
) -> EnvironmentRegistered:
    """Accepted as described; check `check_id` then looks at it."""
    if environment is not None:
        reason = f"environment {command.environment_id} exists already"
        raise RefusedError(RejectionCode.ALREADY_EXISTS, reason, field="environment_id")
    _refuse_taken_name(known_app(app, command.app_id), command.name, command.environment_id)
    _refuse_unknown_zone(command.schedule)
    return EnvironmentRegistered(**dict(command), check_id=check_id)


def update_environment(
    environment: Environment | None, app: App | None, command: UpdateEnvironment, *, check_id: UUID
) -> tuple[EnvironmentUpdated] | tuple[EnvironmentUpdated, EnvironmentCheckRequested]:
    """Described anew, whole. A changed place is checked anew, and not changed while something works with it."""
    environment = known(environment, command.environment_id)
    _refuse_unknown_zone(command.schedule)
    if command.name is not None:
        _refuse_taken_name(known_app(app, environment.app_id), command.name, environment.environment_id)
    described = {name: getattr(environment, name) for name in EnvironmentUpdated.model_fields} | _given(command)
    if all(described[name] == getattr(environment, name) for name in PLACES):
        return (EnvironmentUpdated(**described),)
    refuse_busy(environment)
    again = EnvironmentCheckRequested(
        app_id=environment.app_id, environment_id=environment.environment_id, check_id=check_id
    )
    return EnvironmentUpdated(**described | {"check_id": check_id}), again


def _given(command: UpdateEnvironment) -> dict[str, Any]:
    fields = {name: value for name, value in dict(command).items() if name in EnvironmentUpdated.model_fields}
    given = {name: value for name, value in fields.items() if value is not None}
    without_hook: dict[str, Any] = {"hook": None} if command.without_hook else {}
    return given | without_hook | ({"schedule": None} if command.without_schedule else {})


def remove_environment(environment: Environment | None, command: RemoveEnvironment) -> EnvironmentRemoved:
    """Its backups keep their expiry."""
    environment = known(environment, command.environment_id)
    refuse_busy(environment)
    return EnvironmentRemoved(app_id=environment.app_id, environment_id=environment.environment_id)


def check_environment(environment: Environment | None, command: CheckEnvironment) -> EnvironmentCheckRequested:
    """A look changes nothing, so it is never refused for what is under way."""
    environment = known(environment, command.environment_id)
    return EnvironmentCheckRequested(
        app_id=environment.app_id, environment_id=environment.environment_id, check_id=command.check_id
    )


def deploy_package(environment: Environment | None, command: DeployPackage) -> PackageDeployed:
    """The environment runs this model version from now on."""
    refuse_restoring(known(environment, command.environment_id))
    return PackageDeployed(**dict(command))


def start_environment(
    environment: Environment | None, command: StartEnvironment, *, call_id: UUID
) -> EnvironmentStarted | HookCallRequested:
    """Needs a deployed package; where there is a hook, it runs when the platform has said so."""
    environment = known(environment, command.environment_id)
    refuse_restoring(environment)
    if environment.model_version is None:
        raise RefusedError(
            RejectionCode.NOT_ALLOWED,
            f"nothing is deployed in {environment.name}: deploy a package first",
            field="environment_id",
        )
    asked = _by_hook(environment, HookAction.START, call_id)
    return asked or EnvironmentStarted(environment_id=environment.environment_id)


def stop_environment(
    environment: Environment | None, command: StopEnvironment, *, call_id: UUID
) -> EnvironmentStopped | HookCallRequested:
    """Saying it twice says it once more; where there is a hook, it is stopped when the platform has said so."""
    environment = known(environment, command.environment_id)
    asked = _by_hook(environment, HookAction.STOP, call_id)
    return asked or EnvironmentStopped(environment_id=environment.environment_id)


def _by_hook(
    environment: Environment, action: HookAction, call_id: UUID, app_services: tuple[str, ...] = ()
) -> HookCallRequested | None:
    refuse_asking(environment)
    if environment.hook is None:
        return None
    return HookCallRequested(
        call_id=call_id,
        app_id=environment.app_id,
        environment_id=environment.environment_id,
        action=action,
        app_services=app_services,
    )


def publish_app_service(environment: Environment | None, command: PublishAppService) -> AppServicePublished:
    """Published under a name that is not published yet; an upload would have to unpublish it again."""
    environment = known(environment, command.environment_id)
    refuse_restoring(environment)
    if command.service_name in environment.services:
        reason = f"{command.service_name!r} is published already"
        raise RefusedError(RejectionCode.ALREADY_EXISTS, reason, field="service_name")
    return AppServicePublished(environment_id=environment.environment_id, service_name=command.service_name)


def unpublish_app_service(
    environment: Environment | None, command: UnpublishAppService, *, call_id: UUID
) -> AppServiceUnpublished | HookCallRequested:
    """Only what is published can be taken back; where there is a hook, it is when the platform has said so."""
    environment = known(environment, command.environment_id)
    if command.service_name not in environment.services:
        reason = f"{command.service_name!r} is not published"
        raise RefusedError(RejectionCode.NOT_FOUND, reason, field="service_name")
    asked = _by_hook(environment, HookAction.UNPUBLISH, call_id, (command.service_name,))
    return asked or AppServiceUnpublished(environment_id=environment.environment_id, service_name=command.service_name)


def is_running(environment: Environment) -> bool:
    """Whether the app runs, as the commands said."""
    return environment.run_state is RunState.RUNNING


def _refuse_taken_name(app: App, name: str, environment_id: UUID) -> None:
    taken = {other.casefold() for one, other in app.environments.items() if one != environment_id}
    if name.casefold() in taken:
        raise RefusedError(
            RejectionCode.ALREADY_EXISTS,
            f"the app has an environment {name!r} already: choose another name",
            field="name",
        )


def _refuse_unknown_zone(schedule: Schedule | None) -> None:
    if isinstance(schedule, WallClockSchedule) and schedule.zone not in available_timezones() - NO_ZONES:
        raise RefusedError(
            RejectionCode.INVALID_PARAMETERS,
            f"there is no time zone {schedule.zone!r}: name one of the IANA database, like Europe/Berlin",
            field="schedule.zone",
        )
