"""Two reads of the Deploy API that scripts begin with: which apps there are, and which environments an app has."""

from fastapi import APIRouter

from contracts.errors import RejectionCode
from services.gateway.domain.paging import to_spelling
from services.gateway.domain.refusals import NotFoundError
from services.gateway.domain.rights import Scope
from services.gateway.parts import Parts
from services.gateway.resources import App
from services.gateway.resources.v2 import DeployedApp, DeployedEnvironment
from services.gateway.routes.calls import DESCRIBED, PartsOf, may

router = APIRouter(prefix="/api/1/apps", tags=["v2"], dependencies=[*DESCRIBED])

PAGE = 500
NO_URL = ""
"""Where an app answers is not known here; scripts that print it print nothing."""


@router.get("", dependencies=may(Scope.READ))
async def list_deployed_apps(parts: PartsOf) -> list[DeployedApp]:
    """All apps."""
    apps, after = [], None
    while True:
        page = await parts.read_model.apps(name=None, after=to_spelling(after), limit=PAGE)
        apps += [DeployedApp(AppId=one.slug, Name=one.name, ProjectId=one.app_id, Url=NO_URL) for one in page.apps]
        after = page.next
        if after is None:
            return apps


@router.get("/{app_id}/environments", dependencies=may(Scope.READ))
async def list_deployed_environments(app_id: str, parts: PartsOf) -> list[DeployedEnvironment]:
    """The environments of the app whose slug or name this is, exactly or without regard to case."""
    app = await _app(parts, app_id)
    page = await parts.read_model.environments(app_id=app.app_id, name=None, after=None, limit=PAGE)
    return [
        DeployedEnvironment(
            EnvironmentId=one.environment_id,
            Mode=one.mode.capitalize(),
            Status=one.run_state.capitalize(),
            ModelVersion=one.model_version,
            Url=NO_URL,
        )
        for one in page.environments
    ]


async def _app(parts: Parts, name: str) -> App:
    """Never another one than was named: of several that are alike without case, the one that is alike with it."""
    found = (await parts.read_model.apps(name=name, after=None, limit=PAGE)).apps
    exact = [one for one in found if name in (one.slug, one.name)]
    if len(exact or found) != 1:
        raise NotFoundError(RejectionCode.APP_NOT_FOUND, "there is no app with this id or name, or more than one")
    return (exact or found)[0]
