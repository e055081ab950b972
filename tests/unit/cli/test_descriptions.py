"""An environment is described in JSON, YAML or TOML, and options win over the file."""

from pathlib import Path

import pytest
import typer

from services.cli.description import merged, nested, read_description
from services.cli.validation import checked
from services.gateway.resources import NewEnvironment

WANTED = {
    "name": "production",
    "mode": "production",
    "region": "europe",
    "cloud_version": "v4",
    "database": {"host": "db", "port": 5433, "name": "orders", "user": "orders", "password": "secret:orders-db"},
    "files": {"kind": "directory", "path": "/srv/orders"},
}
AS_JSON = """{"name": "production", "mode": "production", "region": "europe", "cloud_version": "v4",
 "database": {"host": "db", "port": 5433, "name": "orders", "user": "orders", "password": "secret:orders-db"},
 "files": {"kind": "directory", "path": "/srv/orders"}}"""
AS_YAML = """
name: production
mode: production
region: europe
cloud_version: v4
database: {host: db, port: 5433, name: orders, user: orders, password: "secret:orders-db"}
files:
  kind: directory
  path: /srv/orders
"""
AS_TOML = """
name = "production"
mode = "production"
region = "europe"
cloud_version = "v4"
database = {host = "db", port = 5433, name = "orders", user = "orders", password = "secret:orders-db"}
[files]
kind = "directory"
path = "/srv/orders"
"""


@pytest.mark.parametrize(
    ("name", "text"), [("e.json", AS_JSON), ("e.yaml", AS_YAML), ("e.YML", AS_YAML), ("e.toml", AS_TOML)]
)
def test_the_same_environment_in_every_format(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)

    described = read_description(tmp_path / name)

    assert described == WANTED
    assert checked(NewEnvironment, described).database.port == 5433


@pytest.mark.parametrize(
    ("name", "text"), [("e.json", "{"), ("e.yaml", "a: ["), ("e.toml", "a = "), ("e.txt", "{}"), ("e.json", "[]")]
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)

    with pytest.raises(typer.BadParameter, match=name.replace(".", r"\.")):
        read_description(tmp_path / name)


def test_options_win_over_the_file_part_by_part() -> None:
    given = nested({"database.host": "elsewhere", "files.path": None, "name": None})

    assert merged(WANTED, given) == {**WANTED, "database": {**WANTED["database"], "host": "elsewhere"}}  # type: ignore[dict-item]  # -- a nested mapping


def test_a_literal_password_is_refused_before_it_is_sent_and_not_repeated() -> None:
    leaky = merged(WANTED, nested({"database.password": "hunter2"}))

    with pytest.raises(typer.BadParameter) as refused:
        checked(NewEnvironment, leaky)

    assert "database.password" in str(refused.value)
    assert "secret:<name>" in str(refused.value)
    assert "hunter2" not in str(refused.value)
