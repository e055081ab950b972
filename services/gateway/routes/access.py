"""`…/access`: who may do what on the platform, in an organisation, in an app, in an environment."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from contracts.events.access import Place, PlaceKind
from services.gateway.adapters.decisions import Intent
from services.gateway.adapters.permits import must_be_whole
from services.gateway.domain.rights import PLATFORM, Scope
from services.gateway.parts import Parts
from services.gateway.resources import AccessList, Rights
from services.gateway.routes.calls import DESCRIBED, PartsOf, intent_with, may

router = APIRouter(prefix="/api/v1", tags=["access"], dependencies=[*DESCRIBED])

Administering = Annotated[Intent, Depends(intent_with(Scope.ADMIN))]


@router.get("/access", dependencies=may(Scope.ADMIN))
async def list_platform_access(parts: PartsOf) -> AccessList:
    """Who has rights on the whole platform."""
    return await parts.grants.at(PLATFORM)


@router.put("/access/{user_id}")
async def give_platform_access(user_id: UUID, asked: Rights, parts: PartsOf, intent: Administering) -> AccessList:
    """Give a user these rights everywhere."""
    return await _give(parts, intent, user_id, PLATFORM, asked)


@router.get("/organisations/{organisation_id}/access", dependencies=may(Scope.ADMIN))
async def list_organisation_access(organisation_id: UUID, parts: PartsOf) -> AccessList:
    """Who has rights in all apps of an organisation."""
    return await parts.grants.at(Place(kind=PlaceKind.ORGANISATION, id=organisation_id))


@router.put("/organisations/{organisation_id}/access/{user_id}")
async def give_organisation_access(
    organisation_id: UUID, user_id: UUID, asked: Rights, parts: PartsOf, intent: Administering
) -> AccessList:
    """Give a user these rights in all apps of an organisation; with `admin` that user adds users and apps there."""
    return await _give(parts, intent, user_id, Place(kind=PlaceKind.ORGANISATION, id=organisation_id), asked)


@router.get("/apps/{app_id}/access", dependencies=may(Scope.ADMIN))
async def list_app_access(app_id: UUID, parts: PartsOf) -> AccessList:
    """Who has rights in all environments of an app."""
    await parts.read_model.app(app_id)
    return await parts.grants.at(Place(kind=PlaceKind.APP, id=app_id))


@router.put("/apps/{app_id}/access/{user_id}")
async def give_app_access(
    app_id: UUID, user_id: UUID, asked: Rights, parts: PartsOf, intent: Administering
) -> AccessList:
    """Give a user these rights in all environments of an app."""
    await parts.read_model.app(app_id)
    return await _give(parts, intent, user_id, Place(kind=PlaceKind.APP, id=app_id), asked)


@router.get("/environments/{environment_id}/access", dependencies=may(Scope.ADMIN))
async def list_environment_access(environment_id: UUID, parts: PartsOf) -> AccessList:
    """Who has rights in one environment alone."""
    await parts.read_model.environment(environment_id)
    return await parts.grants.at(Place(kind=PlaceKind.ENVIRONMENT, id=environment_id))


@router.put("/environments/{environment_id}/access/{user_id}")
async def give_environment_access(
    environment_id: UUID, user_id: UUID, asked: Rights, parts: PartsOf, intent: Administering
) -> AccessList:
    """Give a user these rights in one environment alone."""
    await parts.read_model.environment(environment_id)
    return await _give(parts, intent, user_id, Place(kind=PlaceKind.ENVIRONMENT, id=environment_id), asked)


async def _give(parts: Parts, intent: Intent, user_id: UUID, place: Place, asked: Rights) -> AccessList:
    if user_id == intent.caller.user_id:
        must_be_whole(intent.caller)  # whoever holds a key that was kept to little shuts its owner out of nothing
    if not await parts.asked.is_kept(intent):
        await parts.permits.must_know_of(intent.caller, user_id, place)
    before = None if asked.instead_of is None else frozenset(asked.instead_of)
    return await parts.grants.give(intent, user_id, place, frozenset(asked.rights), instead_of=before)
