"""`/api/v1/environments`, and what an app's environments are registered under."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

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
from contracts.envelope import Command
from contracts.values import Text
from services.gateway.adapters.decisions import Intent
from services.gateway.adapters.findings import check_of, environment_checked, platform_answered
from services.gateway.domain.paging import to_spelling
from services.gateway.domain.rights import Caller, Scope
from services.gateway.parts import Parts
from services.gateway.resources import (
    AppService,
    Check,
    Deployment,
    Environment,
    EnvironmentChange,
    EnvironmentPage,
    NewEnvironment,
    PageSize,
)
from services.gateway.routes.calls import DESCRIBED, PartsOf, caller_anywhere_with, intent_with, may
from services.gateway.routes.headers import location
from services.gateway.routes.settling import key_of, settle

router = APIRouter(prefix="/api/v1", tags=["environments"], dependencies=[*DESCRIBED])

Administering = Annotated[Intent, Depends(intent_with(Scope.ADMIN))]
Creating = Annotated[Intent, Depends(intent_with(Scope.CREATE))]
Restoring = Annotated[Intent, Depends(intent_with(Scope.RESTORE))]
Looking = Annotated[Caller, Depends(caller_anywhere_with(Scope.READ))]
WaitSeconds = Annotated[float, Query(ge=0, le=20, description="how long to wait for the check's findings")]
AnswerSeconds = Annotated[float, Query(ge=0, le=20, description="how long to wait for the platform's answer")]
WAIT_SECONDS = 15.0
"""A check takes a few seconds; after this the answer says that it still runs."""


@router.get("/environments")
async def list_environments(  # noqa: PLR0913, PLR0917 -- one parameter for each thing that a request has
    parts: PartsOf,
    caller: Looking,
    app_id: UUID | None = None,
    name: Text | None = None,
    after: str | None = None,
    limit: PageSize = 100,
) -> EnvironmentPage:
    """Environments where the caller may look, by app and name; with `name` those of that name in any case."""
    return await parts.read_model.environments(
        caller.reach(Scope.READ), app_id=app_id, name=name, after=to_spelling(after), limit=limit
    )


@router.post("/apps/{app_id}/environments", status_code=201)
async def register_environment(
    app_id: UUID,
    asked: NewEnvironment,
    parts: PartsOf,
    intent: Administering,
    wait_seconds: WaitSeconds = WAIT_SECONDS,
) -> Environment:
    """Make an environment known; its check starts at once, and the answer waits for what it finds."""
    environment_id = asked.environment_id or intent.created_id("environment")
    body = RegisterEnvironment(app_id=app_id, **dict(asked) | {"environment_id": environment_id})
    await parts.changes.make(intent, body, str(app_id), location=location("environments", environment_id))
    return await environment_checked(parts, environment_id, wait_seconds)


@router.get("/environments/{environment_id}", dependencies=may(Scope.READ))
async def show_environment(environment_id: UUID, parts: PartsOf, response: Response) -> Environment:
    """One environment, with what its newest check found."""
    await settle(parts, environment_id, response)
    return await parts.read_model.environment(environment_id)


@router.patch("/environments/{environment_id}")
async def update_environment(
    environment_id: UUID,
    asked: EnvironmentChange,
    parts: PartsOf,
    intent: Administering,
    wait_seconds: WaitSeconds = WAIT_SECONDS,
) -> Environment:
    """Change an environment; what is not given stays, and the answer waits for what the new check finds."""
    given = {name: value for name, value in asked if name in asked.model_fields_set}
    await _make(parts, intent, UpdateEnvironment(environment_id=environment_id, **given), environment_id)
    return await environment_checked(parts, environment_id, wait_seconds)


@router.delete("/environments/{environment_id}", status_code=204)
async def remove_environment(environment_id: UUID, parts: PartsOf, intent: Administering) -> None:
    """Forget an environment; its backups keep their expiry."""
    key = await key_of(parts, environment_id)
    await parts.changes.make(intent, RemoveEnvironment(environment_id=environment_id), key, location=None)


@router.post("/environments/{environment_id}/checks", status_code=202)
async def check_environment(
    environment_id: UUID, parts: PartsOf, intent: Creating, wait_seconds: WaitSeconds = WAIT_SECONDS
) -> Check:
    """Look again whether it can be backed up and restored; the answer waits for what is found."""
    body = CheckEnvironment(check_id=intent.created_id("check"), environment_id=environment_id)
    await _make(parts, intent, body, environment_id)
    return check_of(await environment_checked(parts, environment_id, wait_seconds))


@router.post("/environments/{environment_id}/deploy")
async def deploy(environment_id: UUID, asked: Deployment, parts: PartsOf, intent: Restoring) -> Environment:
    """Say which model version it runs from now on."""
    body = DeployPackage(environment_id=environment_id, **dict(asked))
    return await _change(parts, intent, body, environment_id)


@router.post("/environments/{environment_id}/start")
async def start(
    environment_id: UUID, parts: PartsOf, intent: Restoring, wait_seconds: AnswerSeconds = WAIT_SECONDS
) -> Environment:
    """Say that its app runs; where there is a hook, have the platform start it: the answer waits for that."""
    await _make(parts, intent, StartEnvironment(environment_id=environment_id), environment_id)
    return await platform_answered(parts, environment_id, wait_seconds)


@router.post("/environments/{environment_id}/stop")
async def stop(
    environment_id: UUID, parts: PartsOf, intent: Restoring, wait_seconds: AnswerSeconds = WAIT_SECONDS
) -> Environment:
    """Say that its app is stopped, or have the platform stop it by its hook; before a restore it has to be."""
    await _make(parts, intent, StopEnvironment(environment_id=environment_id), environment_id)
    return await platform_answered(parts, environment_id, wait_seconds)


@router.post("/environments/{environment_id}/publish")
async def publish_app_service(
    environment_id: UUID, asked: AppService, parts: PartsOf, intent: Restoring
) -> Environment:
    """Say that its app publishes a service; an upload into production unpublishes it."""
    body = PublishAppService(environment_id=environment_id, service_name=asked.service_name)
    return await _change(parts, intent, body, environment_id)


@router.post("/environments/{environment_id}/unpublish")
async def unpublish_app_service(
    environment_id: UUID,
    asked: AppService,
    parts: PartsOf,
    intent: Restoring,
    wait_seconds: AnswerSeconds = WAIT_SECONDS,
) -> Environment:
    """Say that a service is published no longer, or have the platform take it back by its hook."""
    body = UnpublishAppService(environment_id=environment_id, service_name=asked.service_name)
    await _make(parts, intent, body, environment_id)
    return await platform_answered(parts, environment_id, wait_seconds)


async def _change(parts: Parts, intent: Intent, body: Command, environment_id: UUID) -> Environment:
    await _make(parts, intent, body, environment_id)
    return await parts.read_model.environment(environment_id, gone=True)


async def _make(parts: Parts, intent: Intent, body: Command, environment_id: UUID) -> None:
    """For those who look at the environment themselves, when something has ended there."""
    key = await key_of(parts, environment_id)
    await parts.changes.make(intent, body, key, location=location("environments", environment_id))
