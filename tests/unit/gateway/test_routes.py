"""Every route has its right, and is told in the description of the API: proven of all of them, later ones too."""

from collections.abc import Iterator
from typing import Any, cast

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from services.gateway.application import make_application
from services.gateway.domain.rights import Scope
from services.gateway.parts import Parts
from services.gateway.routes.doorkeeper import OPEN_DIRECTORY, OPEN_PATHS


class _Nothing:
    """Stands where the application only keeps what it is given."""

    def __getattr__(self, _name: str) -> Any:  # noqa: ANN401 -- whatever is asked for
        return _Nothing()

    def routes(self) -> list[Any]:
        return []


APPLICATION = make_application(cast("Parts", _Nothing()))
OPEN = OPEN_PATHS | {OPEN_DIRECTORY.rstrip("/")}
ROUTES = [route for route in APPLICATION.routes if isinstance(route, APIRoute) and route.path not in OPEN]


def _dependants(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for below in dependant.dependencies:
        yield from _dependants(below)


def _scopes(route: APIRoute) -> set[str]:
    names = {getattr(one.call, "__name__", "") for one in _dependants(route.dependant)}
    return {scope for scope in Scope if {f"caller_with_{scope}", f"intend_with_{scope}"} & names}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.methods} {route.path}")
def test_a_route_asks_for_exactly_one_right(route: APIRoute) -> None:
    assert len(_scopes(route)) == 1


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.methods} {route.path}")
def test_a_route_that_changes_something_asks_for_more_than_reading(route: APIRoute) -> None:
    looks = route.methods == {"GET"} or route.path.endswith("/policy/simulations")
    assert looks == (_scopes(route) == {Scope.READ}) or "dead-letters" in route.path or "webhooks" in route.path


def test_every_route_is_described() -> None:
    described = APPLICATION.openapi()["paths"]
    missing = [
        f"{method} {route.path}"
        for route in ROUTES
        for method in route.methods
        if method.lower() not in described.get(route.path, {})
    ]
    assert not missing


def test_what_is_no_route_of_ours_is_open_by_name() -> None:
    others = {getattr(route, "path", "") for route in APPLICATION.routes if route not in ROUTES}
    assert others <= OPEN
