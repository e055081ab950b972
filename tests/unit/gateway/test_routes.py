"""Every route has its right, and is told in the description of the API: proven of all of them, later ones too."""

import json
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from typing import Any, cast

import pytest
from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from contracts.defaults import RATE_BURST, RATE_PER_SECOND
from services.gateway import routes
from services.gateway.application import make_application
from services.gateway.domain import links
from services.gateway.domain.refusals import for_scripts
from services.gateway.domain.rights import NEEDED_OF_SOURCE, ON_PLATFORM, PLACED_BY, Scope
from services.gateway.domain.sessions import COOKIE, CSRF_HEADER
from services.gateway.parts import Parts
from services.gateway.resources import Refusal
from services.gateway.routes.doorkeeper import OPEN_CALLS, OPEN_PATHS
from services.gateway.routes.examples import ASKED, REFUSED, REFUSED_TO_SCRIPTS
from services.gateway.routes.headers import IDEMPOTENCY_HEADER
from services.gateway.routes.shown import SHOWN
from services.platform.archives.kinds import MEDIA_TYPES


class _Nothing:
    """Stands where the application only keeps what it is given."""

    def __getattr__(self, _name: str) -> Any:  # noqa: ANN401 -- whatever is asked for
        return _Nothing()

    def routes(self) -> list[Any]:
        return []


@cache
def _document() -> dict[str, Any]:
    return make_application(cast("Parts", _Nothing())).openapi()


MODULES = [found.name for found in walk_packages(routes.__path__, "services.gateway.routes.")]


OCTETS = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


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
LOOKS_OF_ITSELF = {"list_apps", "list_environments", "list_alerts", "status", "list_deployed_apps", "list_users",
                    "list_deployed_environments", "show_user", "list_keys", "list_keys_of_user",
                    "list_audit", "list_organisations"}  # fmt: skip
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
    described = _document()
    asked = [one for path in described["paths"].values() for one in path.values()]
    assert described["openapi"].startswith("3.1")
    bodies = [body["content"] for one in asked if (body := one.get("requestBody"))]
    assert [body for body in bodies if "example" not in body.get("application/json", {})] == [OCTETS]
    for one in asked:
        refusals = {int(status): answer for status, answer in one["responses"].items() if int(status) >= 400}
        table = REFUSED_TO_SCRIPTS if "v2" in one["tags"] else REFUSED
        assert refusals.keys() <= table.keys()
        for status, answer in refusals.items():
            Refusal.model_validate(answer["content"]["application/json"]["example"])
            assert answer["content"]["application/json"]["example"] == table[status]


@pytest.mark.parametrize("route", [one for one in ALL if one.response_model], ids=lambda route: route.name)
def test_every_answer_has_an_example_that_is_one(route: APIRoute) -> None:
    """Nothing in it is unknown to the shape: what the example is read as is written as the example again."""
    paths = _document()["paths"]
    (method,) = (method.lower() for method in route.methods or ())
    answer = paths[route.path][method]["responses"][str(route.status_code or 200)]
    example = answer["content"]["application/json"]["example"]
    shape: TypeAdapter[Any] = TypeAdapter(route.response_model)

    assert shape.dump_python(shape.validate_json(json.dumps(example)), mode="json", exclude_unset=True) == example


def test_no_answer_in_json_lacks_an_example_and_no_example_is_of_nothing() -> None:
    document = _document()
    answers = [answer["content"]["application/json"] for path in document["paths"].values() for one in path.values()
               for answer in one["responses"].values() if "application/json" in answer.get("content", {})]  # fmt: skip

    assert all("example" in answer for answer in answers)
    assert document["components"]["schemas"].keys() >= SHOWN.keys()


def test_scripts_are_shown_no_refusal_and_no_answer_that_they_never_get() -> None:
    described = _document()
    of_scripts = [one for path in described["paths"].values() for one in path.values() if "v2" in one["tags"]]
    rows = {(status, code) for status, example in REFUSED_TO_SCRIPTS.items() for code in (example["errorCode"],)}

    assert {for_scripts("/api/v2/", status, code) for status, code in rows} == rows
    for one in of_scripts:
        assert {int(status) for status in one["responses"]} <= {200, 204, *REFUSED_TO_SCRIPTS}


def test_what_is_bytes_is_described_as_bytes() -> None:
    paths = _document()["paths"]
    part = paths["/api/v1/parcels/{parcel_id}/parts/{number}"]["put"]
    archive = paths["/download/{archive_id}/{file_name}"]["get"]["responses"]

    assert part["requestBody"] == {"required": True, "content": OCTETS}
    assert part["responses"]["408"]["content"]["application/json"]["example"]["errorCode"] == "REQUEST_TIMEOUT"
    for fetched in ("files/{document_id}", "tables/{table}"):
        answers = paths[f"/api/v1/backups/{{backup_id}}/{fetched}"]["get"]["responses"]
        assert answers["200"]["content"] == OCTETS
    assert archive["200"]["content"].keys() == set(MEDIA_TYPES.values())
    assert archive["206"]["content"].keys() == {*MEDIA_TYPES.values(), "multipart/byteranges"}


def test_a_session_is_told_of_as_a_way_in_and_what_it_needs_to_change_something() -> None:
    described = _document()
    schemes = described["components"]["securitySchemes"]

    assert (schemes["Session"]["in"], schemes["Session"]["name"]) == ("cookie", COOKIE)
    assert (schemes[CSRF_HEADER]["in"], schemes[CSRF_HEADER]["name"]) == ("header", CSRF_HEADER)
    apps = described["paths"]["/api/v1/apps"]
    assert {"Session": []} in apps["get"]["security"]
    assert {"Session": [], CSRF_HEADER: []} in apps["post"]["security"]
    session = described["paths"]["/api/v1/session"]
    assert session["get"]["security"] == [{"Session": []}]
    assert session["delete"]["security"] == [{"Session": [], CSRF_HEADER: []}, {}]
    used = {name for path in described["paths"].values() for one in path.values() for way in one["security"]
            for name in way}  # fmt: skip
    assert used == schemes.keys()


def test_the_description_tells_how_often_a_key_may_call() -> None:
    told = make_application(cast("Parts", _Nothing())).description

    assert f"{RATE_PER_SECOND} times a second" in told
    assert f"{RATE_BURST} times at once" in told
    settings = (f"NIGHTKEEP_GATEWAY__{name.upper()}" for name in ("rate_per_second", "rate_burst"))
    assert all(name in told for name in settings)


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


def test_the_link_of_the_example_ends_when_the_example_says() -> None:
    archive = SHOWN["Archive"]
    assert f"?until={int(datetime.fromisoformat(archive['link_ends_at']).timestamp())}&" in archive["url"]


def test_the_way_back_from_a_provider_is_told_with_what_it_may_bring_and_needs_none_of_it() -> None:
    told = _document()["paths"]["/api/v1/session/openid/callback"]["get"]["parameters"]
    assert {one["name"] for one in told} == {"code", "state", "error", "error_description", "iss"}
    assert {(one["in"], one["required"]) for one in told} == {("query", False)}
