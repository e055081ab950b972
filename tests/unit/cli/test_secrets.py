"""`nightkeep secret` keeps what it is given where the services read it, and nobody else can."""

import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.__main__ import app
from services.cli.exits import Exit
from services.platform.process.secrets import SecretDirectory

runner = CliRunner()


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NIGHTKEEP_SECRETS_DIRECTORY", str(tmp_path))
    return tmp_path


def test_a_secret_put_is_the_one_that_services_resolve(secrets: Path) -> None:
    result = runner.invoke(app, ["secret", "put", "orders-db"], input="pass word\n")

    assert result.exit_code == Exit.OK, result.output
    assert SecretDirectory(secrets).resolve("secret:orders-db").get_secret_value() == "pass word"


def test_a_secret_is_readable_by_its_owner_alone_and_never_echoed(secrets: Path) -> None:
    result = runner.invoke(app, ["secret", "put", "orders-db"], input="hunter2")

    assert stat.S_IMODE((secrets / "orders-db").stat().st_mode) == 0o600
    assert "hunter2" not in result.output
    assert [path.name for path in secrets.iterdir()] == ["orders-db"]


def test_a_secret_put_again_is_replaced(secrets: Path) -> None:
    for value in ("old", "new"):
        runner.invoke(app, ["secret", "put", "orders-db"], input=value)

    assert (secrets / "orders-db").read_text() == "new"


def test_several_lines_are_kept_as_they_are(secrets: Path) -> None:
    runner.invoke(app, ["secret", "put", "key"], input="-----BEGIN-----\nabc\n-----END-----\n\n")

    assert (secrets / "key").read_text() == "-----BEGIN-----\nabc\n-----END-----\n"


@pytest.mark.parametrize("name", ["../x", ".hidden", "a/b", "", "-", "a b", "x" * 300])
def test_a_name_that_would_leave_the_directory_is_refused(secrets: Path, name: str) -> None:
    result = runner.invoke(app, ["secret", "put", "--", name], input="value")

    assert result.exit_code == Exit.USAGE
    assert list(secrets.iterdir()) == []


def test_an_empty_secret_is_refused_and_the_old_one_stays(secrets: Path) -> None:
    runner.invoke(app, ["secret", "put", "orders-db"], input="old")

    result = runner.invoke(app, ["secret", "put", "orders-db"], input="\n")

    assert result.exit_code == Exit.USAGE
    assert (secrets / "orders-db").read_text() == "old"


def test_secrets_are_listed_by_name_only_and_removed_by_name(secrets: Path) -> None:
    for name in ("b", "a"):
        runner.invoke(app, ["secret", "put", name], input="value")

    assert runner.invoke(app, ["secret", "list"]).output.split() == ["a", "b"]
    assert runner.invoke(app, ["secret", "remove", "a", "--yes"]).exit_code == Exit.OK
    assert runner.invoke(app, ["secret", "remove", "a", "--yes"]).exit_code == Exit.USAGE
    assert runner.invoke(app, ["secret", "list"]).output.split() == ["b"]
