"""Every route has its right, and is told in the description of the API: proven of all of them, later ones too."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages
from typing import Any, cast

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from services.gateway import routes
from services.gateway.application import make_application
from services.gateway.domain import links
from services.gateway.domain.rights import Scope
from services.gateway.parts import Parts
from services.gateway.routes.doorkeeper import OPEN_PATHS


class _Nothing:
    """Stands where the application only keeps what it is given."""

    def __getattr__(self, _name: str) -> Any:  # noqa: ANN401 -- whatever is asked for
        return _Nothing()

    def routes(self) -> list[Any]:
        return []


MODULES = [found.name for found in walk_packages(routes.__path__, "services.gateway.routes.")]
ROUTERS = [module.router for module in map(import_module, MODULES) if hasattr(module, "router")]
ALL = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
KEYED = [route for route in ALL if not route.path.startswith(links.PREFIX)]
"""All but direct links, which their signature opens."""


def _dependants(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for below in dependant.dependencies:
        yield from _dependants(below)


def _scopes(route: APIRoute) -> set[str]:
    names = {getattr(one.call, "__name__", "") for one in _dependants(route.dependant)}
    return {scope for scope in Scope if {f"caller_with_{scope}", f"intend_with_{scope}"} & names}


@pytest.mark.parametrize("route", KEYED, ids=lambda route: f"{route.methods} {route.path}")
def test_a_route_asks_for_exactly_one_right(route: APIRoute) -> None:
    assert len(_scopes(route)) == 1


@pytest.mark.parametrize("route", KEYED, ids=lambda route: f"{route.methods} {route.path}")
def test_a_route_that_changes_something_asks_for_more_than_reading(route: APIRoute) -> None:
    looks = route.methods == {"GET"} or route.path.endswith(("/policy/simulations", "/archives"))
    assert looks == (_scopes(route) == {Scope.READ}) or "dead-letters" in route.path or "webhooks" in route.path


def test_every_route_is_described_and_nothing_else_is() -> None:
    application = make_application(cast("Parts", _Nothing()))
    described = {
        (method.upper(), path) for path, methods in application.openapi()["paths"].items() for method in methods
    }

    assert described == {(method, route.path) for route in ALL for method in route.methods or ()}
    assert not {route.path for route in ALL} & OPEN_PATHS
