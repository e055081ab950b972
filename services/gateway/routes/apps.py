"""`/api/v1/apps`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from contracts.commands.apps import RegisterApp, RemoveApp, UpdateApp
from contracts.values import Text
from services.gateway.adapters.decisions import Intent
from services.gateway.domain.paging import to_spelling
from services.gateway.domain.rights import Scope
from services.gateway.resources import App, AppChange, AppPage, NewApp, PageSize
from services.gateway.routes.calls import DESCRIBED, PartsOf, intent_with, may
from services.gateway.routes.headers import location

router = APIRouter(prefix="/api/v1/apps", tags=["apps"], dependencies=[*DESCRIBED])

Administering = Annotated[Intent, Depends(intent_with(Scope.ADMIN))]


@router.get("", dependencies=may(Scope.READ))
async def list_apps(
    parts: PartsOf, name: Text | None = None, after: str | None = None, limit: PageSize = 100
) -> AppPage:
    """Apps by slug; with `name` those whose slug or name it is, without regard to case."""
    return await parts.read_model.apps(name=name, after=to_spelling(after), limit=limit)


@router.post("", status_code=201)
async def register_app(asked: NewApp, parts: PartsOf, intent: Administering) -> App:
    """Make an app known."""
    app_id = intent.created_id("app")
    body = RegisterApp(app_id=app_id, name=asked.name, slug=asked.slug)
    await parts.changes.make(intent, body, str(app_id), location=location("apps", app_id))
    return await parts.read_model.app(app_id)


@router.get("/{app_id}", dependencies=may(Scope.READ))
async def show_app(app_id: UUID, parts: PartsOf) -> App:
    """One app."""
    return await parts.read_model.app(app_id)


@router.patch("/{app_id}")
async def update_app(app_id: UUID, asked: AppChange, parts: PartsOf, intent: Administering) -> App:
    """Change an app's name or slug; what is not given stays."""
    body = UpdateApp(app_id=app_id, **asked.model_dump(exclude_unset=True))
    await parts.changes.make(intent, body, str(app_id), location=location("apps", app_id))
    return await parts.read_model.app(app_id)


@router.delete("/{app_id}", status_code=204)
async def remove_app(app_id: UUID, parts: PartsOf, intent: Administering) -> None:
    """Forget an app that has no environment any more."""
    await parts.changes.make(intent, RemoveApp(app_id=app_id), str(app_id), location=None)
