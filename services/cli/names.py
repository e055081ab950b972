"""Names where ids are accepted: an app by its slug or name, an environment as `app/name`; never a guess."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TypeVar
from uuid import UUID

import typer

from contracts.events.access import Place, PlaceKind
from services.cli.access_calls import AccessPlace
from services.cli.client import Gateway, NotFoundError, UnauthorizedError
from services.cli.retention_calls import PolicyPlace
from services.gateway.domain.rights import PLATFORM
from services.gateway.resources import App, Environment, User

T = TypeVar("T")


def find_app(gateway: Gateway, text: str) -> App:
    """The app with this id, slug or name. Raises NotFoundError, and BadParameter when several are meant."""
    known = _id(text)
    if known is not None:
        return gateway.app(known)
    return _one(
        f"app {text!r}",
        gateway.apps(name=text),
        lambda app: text in (app.slug, app.name),
        _app_name,
        "nightkeep app list",
    )


def find_environment(gateway: Gateway, text: str) -> Environment:
    """The environment with this id, `app/name`, or name where only one has it; names without regard to case.

    Raises NotFoundError, and BadParameter when several are meant.
    """
    known = _id(text)
    if known is not None:
        return gateway.environment(known)
    app, slash, name = text.partition("/")
    app_id = find_app(gateway, app).app_id if slash else None
    wanted = name if slash else text
    found = gateway.environments(app_id=app_id, name=wanted)
    return _one(f"environment {text!r}", found, lambda one: one.name == wanted, environment_name, "nightkeep env list")


def find_policy_place(gateway: Gateway, text: str) -> PolicyPlace:
    """Where a policy holds: an environment by `app/name` or id, else the app with this id, slug or name.

    Raises NotFoundError, and BadParameter when several are meant.
    """
    if "/" in text:
        return _policy_place(find_environment(gateway, text))
    known = _id(text)
    if known is not None:
        with suppress(NotFoundError):
            return _policy_place(gateway.environment(known))
    app = find_app(gateway, text)
    return PolicyPlace.of_app(app.app_id, app.slug)


def find_user(gateway: Gateway, text: str) -> User:
    """The user with this id or name, of those whom the caller administers. Raises NotFoundError."""
    known = _id(text)
    if known is not None:
        return gateway.user(known)
    found = gateway.users(name=text)
    return _one(f"user {text!r}", found, lambda one: one.name == text, lambda one: one.name, "nightkeep user list")


def find_user_id(gateway: Gateway, text: str, at: AccessPlace) -> UUID:
    """The id of whose rights at a place change: an id as it is, for who administers a place alone can look up none.

    A name is one of those who have rights there, else of those whom the caller administers. Raises NotFoundError.
    """
    known = _id(text)
    if known is not None:
        return known
    there = [one for one in gateway.access(at) if one.user.casefold() == text.casefold()]
    if not there:
        return find_user(gateway, text).user_id
    return _one(f"user {text!r}", there, lambda one: one.user == text, lambda one: one.user, "").user_id


def find_organisation(gateway: Gateway, text: str) -> AccessPlace:
    """The organisation with this id, which is not looked up, or name, without regard to case. Raises NotFoundError."""
    known = _id(text)
    if known is not None:
        return AccessPlace(Place(kind=PlaceKind.ORGANISATION, id=known), text)
    named = (one for one in gateway.organisations() if text.casefold() == one.name.casefold())
    see = "nightkeep organisation list"
    found = _one(f"organisation {text!r}", named, lambda one: one.name == text, lambda one: one.name, see)
    return AccessPlace(Place(kind=PlaceKind.ORGANISATION, id=found.organisation_id), found.name)


def find_access_place(gateway: Gateway, text: str) -> AccessPlace:
    """Where rights hold: `platform`, `organisation:NAME`, an app, or an environment by `app/name` or id.

    Raises NotFoundError, and BadParameter when several are meant.
    """
    kind, colon, name = text.partition(":")
    if text == PlaceKind.PLATFORM:
        return AccessPlace(PLATFORM, text)
    if colon and kind == PlaceKind.ORGANISATION:
        return find_organisation(gateway, name)
    try:
        found = find_policy_place(gateway, text)
    except UnauthorizedError:
        known = _id(text)
        if known is None:
            raise
        return _place_of_administrator(gateway, known)
    kinds = {"apps": PlaceKind.APP, "environments": PlaceKind.ENVIRONMENT}
    return AccessPlace(Place(kind=kinds[found.kind], id=found.place_id), found.name)


def _place_of_administrator(gateway: Gateway, place_id: UUID) -> AccessPlace:
    """The environment or app of somebody who may not read there, and may see who has rights there."""
    environment = AccessPlace(Place(kind=PlaceKind.ENVIRONMENT, id=place_id), str(place_id))
    with suppress(NotFoundError):
        gateway.access(environment)
        return environment
    return AccessPlace(Place(kind=PlaceKind.APP, id=place_id), str(place_id))


def environment_name(environment: Environment) -> str:
    """How people name an environment, and the command line accepts it."""
    return f"{environment.app_slug}/{environment.name}"


def as_id(text: str, what: str) -> UUID:
    """The id that `text` spells. Raises BadParameter."""
    known = _id(text)
    if known is None:
        raise typer.BadParameter(f"{text!r} is no id of a {what}: copy it from a list")
    return known


def _policy_place(environment: Environment) -> PolicyPlace:
    return PolicyPlace.of_environment(environment.environment_id, environment_name(environment))


def _app_name(app: App) -> str:
    return app.slug


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _one(what: str, found: Iterable[T], exact: Callable[[T], bool], spell: Callable[[T], str], see: str) -> T:
    candidates = list(found)
    best = [one for one in candidates if exact(one)] or candidates
    if not best:
        raise NotFoundError(f"there is no {what}: see `{see}`")
    if len(best) > 1:
        raise typer.BadParameter(f"{what} may be {' or '.join(sorted(map(spell, best)))}: say which")
    return best[0]
