"""An environment described in a JSON, YAML or TOML file, and by options that win over it."""

import json
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import typer
import yaml

Described = dict[str, Any]

_READERS: Final[dict[str, Callable[[str], Any]]] = {
    ".json": json.loads,
    ".yaml": yaml.safe_load,
    ".yml": yaml.safe_load,
    ".toml": tomllib.loads,
}


def read_description(path: Path) -> Described:
    """What the file says. Raises BadParameter that says where it is wrong."""
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise typer.BadParameter(f"{path}: the name must end in {', '.join(_READERS)}")
    try:
        described = reader(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise typer.BadParameter(f"{path} cannot be read: {error}") from error
    if not isinstance(described, dict):
        raise typer.BadParameter(f"{path} holds no mapping of names to values")
    return described


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> Described:
    """`below` with what `above` says instead, part by part."""
    result = dict(below)
    for name, value in above.items():
        old = result.get(name)
        result[name] = merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return result


def nested(given: Mapping[str, object]) -> Described:
    """`{"database.host": x}` as `{"database": {"host": x}}`, without what was not given."""
    result: Described = {}
    for dotted, value in given.items():
        if value is not None:
            *groups, name = dotted.split(".")
            place = result
            for group in groups:
                place = place.setdefault(group, {})
            place[name] = value
    return result
