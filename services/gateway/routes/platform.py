"""`/api/v1/status`: what the gateway sees of the platform, and who is asking."""

from importlib.metadata import version
from typing import Annotated

from fastapi import APIRouter, Depends

from services.gateway.domain.rights import Caller, Scope
from services.gateway.resources import PlatformStatus
from services.gateway.routes.calls import DESCRIBED, PartsOf, caller_anywhere_with

router = APIRouter(prefix="/api/v1", tags=["platform"], dependencies=[*DESCRIBED])


@router.get("/status")
async def status(
    parts: PartsOf, caller: Annotated[Caller, Depends(caller_anywhere_with(Scope.READ))]
) -> PlatformStatus:
    """How much there is where the caller may look, and whose key this is."""
    counts = await parts.read_model.counts(caller.reach(Scope.READ))
    return PlatformStatus(
        version=version("nightkeep"),
        user=caller.user,
        scopes=sorted(caller.scopes),
        apps=counts.apps,
        environments=counts.environments,
        backups=counts.backups,
        restores=counts.restores,
    )
