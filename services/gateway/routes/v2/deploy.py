"""Two reads of the Deploy API that scripts begin with: which apps there are, and which environments an app has."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, TypeVar
from urllib.parse import quote

from fastapi import APIRouter, Depends

from contracts.errors import RejectionCode
from contracts.values import Text
from services.gateway.domain.paging import Spelling, to_spelling
from services.gateway.domain.refusals import NotFoundError
from services.gateway.domain.rights import Caller, Reach, Scope
from services.gateway.parts import Parts
from services.gateway.resources import App, AppPage, Environment, EnvironmentPage
from services.gateway.resources.v2 import DeployedApp, DeployedEnvironment
from services.gateway.routes.calls import DESCRIBED, PartsOf, caller_anywhere_with

router = APIRouter(prefix="/api/1/apps", tags=["v2"], dependencies=[*DESCRIBED])

Reading = Annotated[Caller, Depends(caller_anywhere_with(Scope.READ))]
PAGE = 500
P = TypeVar("P", AppPage, EnvironmentPage)


@router.get("")
async def list_deployed_apps(parts: PartsOf, caller: Reading) -> list[DeployedApp]:
    """All apps where the caller may look."""
    reach = caller.reach(Scope.READ)
    found: list[DeployedApp] = []
    async for page in _pages(lambda after: parts.read_model.apps(reach, name=None, after=after, limit=PAGE)):
        found += [
            DeployedApp(AppId=one.slug, Name=one.name, ProjectId=one.app_id, Url=_url(parts, one.slug))
            for one in page.apps
        ]
    return found


@router.get("/{app_name}/environments")
async def list_deployed_environments(app_name: Text, parts: PartsOf, caller: Reading) -> list[DeployedEnvironment]:
    """The environments of the app whose slug or name this is, exactly or without regard to case."""
    reach = caller.reach(Scope.READ)
    app = await _app(parts, reach, app_name)
    found: list[DeployedEnvironment] = []
    async for page in _pages(
        lambda after: parts.read_model.environments(reach, app_id=app.app_id, name=None, after=after, limit=PAGE)
    ):
        found += [_deployed(parts, one) for one in page.environments]
    return found


def _deployed(parts: Parts, environment: Environment) -> DeployedEnvironment:
    return DeployedEnvironment(
        EnvironmentId=environment.environment_id,
        Mode=environment.mode.capitalize(),
        Status=environment.run_state.capitalize(),
        ModelVersion=environment.model_version,
        Url=_url(parts, environment.app_slug, environment.name),
    )


def _url(parts: Parts, slug: str, environment: str = "") -> str:
    """Never empty: scripts pass over what has no address."""
    app = parts.deployed_url.replace("{app}", quote(slug, safe=""))
    return app.replace("{environment}", quote(environment, safe=""))


async def _pages(look: Callable[[Spelling | None], Awaitable[P]]) -> AsyncIterator[P]:
    """A whole list page by page, in an order that holds still while things are added: that API knows no pages."""
    after: str | None = None
    while True:
        page = await look(to_spelling(after))
        yield page
        after = page.next
        if after is None:
            return


async def _app(parts: Parts, reach: Reach, name: str) -> App:
    """Never another one than was named: the slug goes before the name, and what is alike with case before without."""
    found = (await parts.read_model.apps(reach, name=name, after=None, limit=PAGE)).apps
    levels = (
        [one for one in found if one.slug == name],
        [one for one in found if one.name == name],
        [one for one in found if one.slug.lower() == name.lower()],
        found,
    )
    alike = next(filter(None, levels), [])
    if len(alike) != 1:
        raise NotFoundError(RejectionCode.APP_NOT_FOUND, "there is no app with this id or name, or more than one")
    return alike[0]
