"""What the gateway offers, `services.cli` can ask for: proven of all routes of `/api/v1`, later ones too."""

import ast
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Final

import services.cli
from contracts.events.access import PlaceKind
from tests.unit.gateway.test_routes import ALL

BY_BROWSERS: Final = {"sign_in", "sign_out", "show_session", "begin_openid", "end_openid"}
"""A page signs in there; scripts have keys."""
BY_PLACE: Final = {
    *(f"{what}_{where}_access" for what in ("list", "give") for where in PlaceKind),
    *(f"{what}_{where}_policy" for what in ("show", "change", "simulate") for where in ("app", "environment")),
}
"""One method for all places: `AccessPlace` and `PolicyPlace` say the address."""
METHODS: Final = {"_show": "GET", "_pages": "GET", "_followed": "GET", "get": "GET", "fetch": "GET", "put": "PUT"}


def _text(node: ast.AST) -> str:
    """An address as the source spells it, `{}` for what varies; nothing where it is none."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(_text(one) if isinstance(one, ast.Constant) else "{}" for one in values)
        case ast.Call(func=ast.Name(id="environment_path"), args=[_, *below]):
            return "/".join(["/api/v1/environments/{}", *map(_text, below)])
        case _:
            return ""


def _method(node: ast.AST) -> str | None:
    match node:
        case ast.Call(func=ast.Attribute(attr="_change" | "change"), args=[ast.Constant(value=str(method)), *_]):
            return method
        case ast.Call(func=ast.Attribute(attr=name)):
            return METHODS.get(name)
        case _:
            return None


def _asked(path: Path) -> Iterator[tuple[str, str]]:
    for function in ast.walk(ast.parse(path.read_text())):
        if isinstance(function, ast.FunctionDef):
            parts = list(ast.walk(function))
            methods = {method for part in parts if (method := _method(part))}
            addresses = {text.partition("?")[0] for part in parts if (text := _text(part))}
            yield from product(methods, addresses)


def test_every_route_has_a_call_or_is_named_here() -> None:
    asked = {call for path in Path(services.cli.__file__).parent.glob("*.py") for call in _asked(path)}
    routes = [
        (route.name, method, re.sub(r"\{\w+\}", "{}", route.path))
        for route in ALL
        for method in route.methods or ()
        if route.path.startswith("/api/v1/")
    ]
    without = {name for name, method, path in routes if (method, path) not in asked}
    assert without == BY_BROWSERS | BY_PLACE
