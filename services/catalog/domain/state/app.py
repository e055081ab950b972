"""An app: its name, and which environments it has."""

from uuid import UUID

from pydantic import Field

from contracts.envelope import Event
from contracts.events import apps as events
from contracts.events.policies import PolicyChanged
from contracts.retention import Policy
from services.catalog.domain.state.aggregate import Aggregate, changed
from services.catalog.domain.state.policies import newest_version


class App(Aggregate):
    """`environments` maps each environment of the app to its name, for names are unique within an app.

    `policy` is what its environments follow that have none of their own; None: `classic`. `policy_version` is that of
    the newest policy of its own.
    """

    name: str
    slug: str
    removed: bool = False
    environments: dict[UUID, str] = Field(default_factory=dict)
    policy: Policy | None = None
    policy_version: int = 0


def evolve(app: App | None, event: Event) -> App | None:
    """The app after `event`."""
    if isinstance(event, events.AppRegistered):
        return App(app_id=event.app_id, name=event.name, slug=event.slug)
    if app is None:
        return None
    match event:
        case events.AppUpdated():
            return changed(app, name=event.name, slug=event.slug)
        case events.AppRemoved():
            return changed(app, removed=True)
        case events.EnvironmentRegistered() | events.EnvironmentUpdated():
            return changed(app, environments=app.environments | {event.environment_id: event.name})
        case events.EnvironmentRemoved():
            left = {one: name for one, name in app.environments.items() if one != event.environment_id}
            return changed(app, environments=left)
        case PolicyChanged(environment_id=None):
            return changed(app, policy=event.policy, policy_version=newest_version(app.policy_version, event.policy))
        case _:
            return app
