"""`/api/v1/audit`: who asked for what, when, and what came of it (spec: product, "Who uses it")."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from services.gateway.adapters.permits import must_everywhere
from services.gateway.domain.rights import PLACED_BY, Caller, Scope
from services.gateway.resources import AuditPage, AuditQuestion
from services.gateway.routes.calls import DESCRIBED, PartsOf, caller_anywhere_with
from services.gateway.routes.settling import settle

router = APIRouter(prefix="/api/v1", tags=["audit"], dependencies=[*DESCRIBED])

Administering = Annotated[Caller, Depends(caller_anywhere_with(Scope.ADMIN))]
PLACES = ("environment_id", "app_id", "organisation_id")
"""What may be named to look no further; without any of them it is the whole platform."""


@router.get("/audit")
async def list_audit(
    parts: PartsOf, caller: Administering, asked: Annotated[AuditQuestion, Query()], response: Response
) -> AuditPage:
    """Every event of the log as an entry, newest first: decisions, refusals, uses of rights, work, deletions.

    Whoever asks administers the environment, app or organisation that is named; where none is named, the platform. What
    a service says is here in a moment, a use of a right within a second, downloads and refused access within a minute.
    """
    named = {name: getattr(asked, name) for name in PLACES if getattr(asked, name) is not None}
    if not named:
        must_everywhere(caller, Scope.ADMIN)
    for name, thing_id in named.items():
        await parts.permits.must(caller, Scope.ADMIN, PLACED_BY[name], thing_id)
    if asked.environment_id is not None:
        await settle(parts, asked.environment_id, response)
    return await parts.audit.entries(asked)
