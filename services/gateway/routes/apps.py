"""`/api/v1/apps`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from contracts.commands.apps import RegisterApp, RemoveApp, UpdateApp
from contracts.values import Text
from services.gateway.adapters.decisions import Intent
from services.gateway.adapters.permits import must_at, must_everywhere
from services.gateway.domain.paging import to_spelling
from services.gateway.domain.rights import Caller, Scope, lineage_of
from services.gateway.resources import App, AppChange, AppPage, NewApp, PageSize
from services.gateway.routes.calls import (
    DESCRIBED,
    PartsOf,
    caller_anywhere_with,
    intent_anywhere_with,
    intent_with,
    may,
)
from services.gateway.routes.headers import location

router = APIRouter(prefix="/api/v1/apps", tags=["apps"], dependencies=[*DESCRIBED])

Administering = Annotated[Intent, Depends(intent_with(Scope.ADMIN))]
Somewhere = Annotated[Intent, Depends(intent_anywhere_with(Scope.ADMIN))]
Looking = Annotated[Caller, Depends(caller_anywhere_with(Scope.READ))]


@router.get("")
async def list_apps(
    parts: PartsOf, caller: Looking, name: Text | None = None, after: str | None = None, limit: PageSize = 100
) -> AppPage:
    """Apps where the caller may look, by slug; with `name` those whose slug or name it is, without regard to case."""
    return await parts.read_model.apps(caller.reach(Scope.READ), name=name, after=to_spelling(after), limit=limit)


@router.post("", status_code=201)
async def register_app(asked: NewApp, parts: PartsOf, intent: Somewhere) -> App:
    """Make an app known; it belongs to the organisation of whoever asks."""
    organisation_id = intent.caller.organisation_id
    must_at(intent.caller, Scope.ADMIN, lineage_of(organisation_id=organisation_id))
    if asked.app_id is not None:
        must_everywhere(intent.caller, Scope.ADMIN)
    app_id = asked.app_id or intent.created_id("app")
    body = RegisterApp(app_id=app_id, name=asked.name, slug=asked.slug)
    outcome = await parts.changes.decided(intent, body, str(app_id))
    await parts.people.own_app(intent, app_id, organisation_id)
    await parts.changes.readable(outcome, location=location("apps", app_id))
    return await parts.read_model.app(app_id, gone=True)


@router.get("/{app_id}", dependencies=may(Scope.READ))
async def show_app(app_id: UUID, parts: PartsOf) -> App:
    """One app."""
    return await parts.read_model.app(app_id)


@router.patch("/{app_id}")
async def update_app(app_id: UUID, asked: AppChange, parts: PartsOf, intent: Administering) -> App:
    """Change an app's name or slug; what is not given stays."""
    body = UpdateApp(app_id=app_id, **asked.model_dump(exclude_unset=True))
    await parts.changes.make(intent, body, str(app_id), location=location("apps", app_id))
    return await parts.read_model.app(app_id, gone=True)


@router.delete("/{app_id}", status_code=204)
async def remove_app(app_id: UUID, parts: PartsOf, intent: Administering) -> None:
    """Forget an app that has no environment any more."""
    await parts.changes.make(intent, RemoveApp(app_id=app_id), str(app_id), location=None)
