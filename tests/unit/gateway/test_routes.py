"""Every route has its right, and is told in the description of the API: proven of all of them, later ones too."""

import json
from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages
from typing import Any, cast

import pytest
from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from services.gateway import routes
from services.gateway.application import make_application
from services.gateway.domain import links
from services.gateway.domain.rights import NEEDED_OF_SOURCE, ON_PLATFORM, PLACED_BY, Scope
from services.gateway.parts import Parts
from services.gateway.resources import Refusal
from services.gateway.routes.doorkeeper import OPEN_CALLS, OPEN_PATHS
from services.gateway.routes.examples import ASKED, REFUSED
from services.gateway.routes.headers import IDEMPOTENCY_HEADER


class _Nothing:
    """Stands where the application only keeps what it is given."""

    def __getattr__(self, _name: str) -> Any:  # noqa: ANN401 -- whatever is asked for
        return _Nothing()

    def routes(self) -> list[Any]:
        return []


MODULES = [found.name for found in walk_packages(routes.__path__, "services.gateway.routes.")]


def _is_open(method: str, path: str) -> bool:
    return path.startswith(links.PREFIX) or (method, path) in OPEN_CALLS


MADE = [module for module in map(import_module, MODULES) if hasattr(module, "router")]
ROUTERS = [value for module in MADE for value in vars(module).values() if isinstance(value, APIRouter)]
ALL = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
OPEN = {(route.name, method) for route in ALL for method in route.methods or () if _is_open(method, route.path)}
KEYED = [route for route in ALL if not OPEN & {(route.name, method) for method in route.methods or ()}]
"""All but those that are opened by a secret of their own."""
NAMED_OTHERWISE = {"key_id", "user_id", "dead_letter_id", "webhook_id", "app_name", "project_id", "snapshot_id",
                   "lease_id", "number", "sweep_id", "stop_id", "document_id", "table"}  # fmt: skip
"""What addresses name that no right depends on: it lies on the platform, within what is named too, or shows itself."""
LOOKS_OF_ITSELF = {"list_apps", "list_environments", "list_alerts", "status", "list_deployed_apps",
                   "list_deployed_environments", "list_users", "show_user", "list_keys"}  # fmt: skip
"""What shows only what the caller may see, wherever that is."""
CHANGES_OF_ITSELF = {"register_app", "add_user", "remove_user", "invite_user", "create_key",
                     "revoke_key", "change_password"}  # fmt: skip
"""What looks at an organisation or at the caller's own keys before it changes anything; see test_people."""

LOOKED_AT_BY_SENDERS = {"list_parcels"}
"""What nobody needs to see but who may change it."""
WITHOUT_KEY = {
    "sign_in": "another session ends by itself, and one whose cookie was lost must not be handed out again",
    "simulate_environment_policy": "creates nothing",
    "simulate_app_policy": "creates nothing",
}
"""What is POSTed and takes no Idempotency-Key, and why: the description of the API says the same."""


def _dependants(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for below in dependant.dependencies:
        yield from _dependants(below)


def _checks(route: APIRoute) -> set[str]:
    names = {getattr(one.call, "__name__", "") for one in _dependants(route.dependant)}
    return {name for name in names if name.startswith(("caller_", "intend_"))}


def _scopes(route: APIRoute) -> set[str]:
    return {scope for scope in Scope for name in _checks(route) if name.endswith(f"_with_{scope}")}


@pytest.mark.parametrize("route", KEYED, ids=lambda route: f"{route.methods} {route.path}")
def test_a_route_asks_for_exactly_one_right(route: APIRoute) -> None:
    assert len(_scopes(route)) == 1


@pytest.mark.parametrize("route", KEYED, ids=lambda route: f"{route.methods} {route.path}")
def test_a_route_that_changes_something_asks_for_more_than_reading(route: APIRoute) -> None:
    by_readers = ("/policy/simulations", "/archives", "/archives/{archive_id}/cancel")
    looks = route.methods == {"GET"} or route.path.endswith(by_readers)
    assert not looks or _scopes(route) <= {Scope.READ, Scope.ADMIN} or route.name in LOOKED_AT_BY_SENDERS
    assert looks or Scope.READ not in _scopes(route)


@pytest.mark.parametrize("route", KEYED, ids=lambda route: f"{route.methods} {route.path}")
def test_a_right_is_looked_for_at_the_place_that_the_address_names(route: APIRoute) -> None:
    anywhere = any("_anywhere_" in name for name in _checks(route))
    assert anywhere == (route.name in LOOKS_OF_ITSELF | CHANGES_OF_ITSELF)
    named = {param.name for param in route.dependant.path_params}
    assert named <= PLACED_BY.keys() | NAMED_OTHERWISE


def _takes_key(route: APIRoute) -> bool:
    return any(one.alias == IDEMPOTENCY_HEADER for below in _dependants(route.dependant) for one in below.header_params)


def test_whatever_is_posted_takes_an_idempotency_key_or_is_named_here() -> None:
    posted = {route.name: _takes_key(route) for route in ALL if "POST" in (route.methods or ())}
    assert {name for name, takes in posted.items() if not takes} == WITHOUT_KEY.keys()


def test_what_the_rights_tables_name_is_there() -> None:
    assert ON_PLATFORM | NEEDED_OF_SOURCE.keys() <= {route.name for route in KEYED}


def test_what_is_open_without_a_key_is_named_here() -> None:
    assert {
        ("download_archive", "GET"),
        ("look_at_archive", "HEAD"),
        ("accept_invitation", "POST"),
        ("sign_in", "POST"),
        ("show_session", "GET"),
        ("sign_out", "DELETE"),
        ("begin_openid", "GET"),
        ("end_openid", "GET"),
    } == OPEN


def test_every_body_has_an_example_that_is_taken() -> None:
    bodies = {route.name: route.body_field for route in ALL if route.body_field is not None}
    by_hand = {"create_snapshot", "comment_snapshot"}
    assert ASKED.keys() == bodies.keys() | by_hand
    for name, body in bodies.items():
        shape: Any = body.field_info.annotation
        TypeAdapter(shape).validate_json(json.dumps(ASKED[name]))


def test_the_description_is_openapi_3_1_and_shows_examples() -> None:
    described = make_application(cast("Parts", _Nothing())).openapi()
    asked = [one for path in described["paths"].values() for one in path.values()]
    assert described["openapi"].startswith("3.1")
    assert all("example" in body["content"]["application/json"] for one in asked if (body := one.get("requestBody")))
    for one in asked:
        refusals = [answer for status, answer in one["responses"].items() if int(status) in REFUSED]
        assert len(refusals) == len(REFUSED)
        for answer in refusals:
            Refusal.model_validate(answer["content"]["application/json"]["example"])


def test_every_route_is_described_and_nothing_else_is() -> None:
    application = make_application(cast("Parts", _Nothing()))
    described = {
        (method.upper(), path) for path, methods in application.openapi()["paths"].items() for method in methods
    }

    assert described == {(method, route.path) for route in ALL for method in route.methods or ()}
    assert not {route.path for route in ALL} & OPEN_PATHS


def test_the_application_makes_no_route_again_that_its_module_has_made() -> None:
    held = {id(route) for route in make_application(cast("Parts", _Nothing())).routes}
    assert {id(route) for route in ALL} <= held
