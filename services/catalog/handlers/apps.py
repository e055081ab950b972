"""Commands on apps."""

from contracts.commands.apps import RegisterApp, RemoveApp, UpdateApp
from services.catalog.adapters.across import slug_owner
from services.catalog.adapters.desk import Desk
from services.catalog.domain.decide import apps as rules
from services.catalog.domain.state.app import App
from services.catalog.handlers.decided import Decided, Request


async def register_app(desk: Desk, command: RegisterApp, _request: Request) -> Decided:
    """Make an app known."""
    app, owner = await desk.find(App, command.app_id), await slug_owner(desk, command.slug)
    return Decided("app", command.app_id, command.app_id, (rules.register_app(app, command, slug_owner=owner),))


async def update_app(desk: Desk, command: UpdateApp, _request: Request) -> Decided:
    """Change its name or slug."""
    app = await desk.find(App, command.app_id)
    owner = await slug_owner(desk, command.slug) if command.slug else None
    return Decided("app", command.app_id, command.app_id, (rules.update_app(app, command, slug_owner=owner),))


async def remove_app(desk: Desk, command: RemoveApp, _request: Request) -> Decided:
    """Forget it."""
    event = rules.remove_app(await desk.find(App, command.app_id), command)
    return Decided("app", command.app_id, command.app_id, (event,))
