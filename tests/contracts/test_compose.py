"""The compose file and the image are what they are meant to be, checked without a Docker engine."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.platform.process.settings import Settings, unknown_keys

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
SPECIFICATION = ROOT / "infra/docker/compose-spec.json"
"""The schema that the Compose specification publishes, unchanged."""
SERVICES = {"catalog", "snapshot", "restore", "retention", "replication", "gateway"}
ENGINES = {"kafka", "postgres", "seaweedfs"}
PINNED = re.compile(r"^[a-z/]+:[0-9]+\.[0-9]+[0-9a-z.-]*$")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return document


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).parent / command[0]), *command[1:]], capture_output=True, text=True, check=False
    )


def test_the_compose_file_follows_the_compose_specification() -> None:
    checked = run("check-jsonschema", "--schemafile", str(SPECIFICATION), str(COMPOSE))
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_specification_would_notice_a_misspelt_key(tmp_path: Path) -> None:
    broken = tmp_path / "compose.yml"
    broken.write_text(COMPOSE.read_text(encoding="utf-8").replace("healthcheck:", "heathcheck:", 1), encoding="utf-8")
    assert run("check-jsonschema", "--schemafile", str(SPECIFICATION), str(broken)).returncode != 0


def test_the_dockerfile_passes_its_linter() -> None:
    linted = run("hadolint", str(ROOT / "infra/docker/Dockerfile"))
    assert linted.returncode == 0, linted.stdout


def test_every_service_and_engine_is_there(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == SERVICES | ENGINES | {"setup"}


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_an_engine_is_pinned_kept_in_a_volume_and_watched(compose: dict[str, Any], engine: str) -> None:
    described = compose["services"][engine]
    assert PINNED.match(described["image"])
    assert described["volumes"]
    assert described["healthcheck"]["test"]


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_a_service_runs_its_own_module_as_its_own_role_and_is_watched(compose: dict[str, Any], service: str) -> None:
    described = compose["services"][service]
    assert described["command"] == [f"services.{service}"]
    assert described["environment"]["NIGHTKEEP_POSTGRES__USER"] == service
    assert described["healthcheck"]["test"]
    assert described["cap_drop"] == ["ALL"]


def test_every_password_comes_from_the_env_file(compose: dict[str, Any]) -> None:
    for described in compose["services"].values():
        for key, value in described.get("environment", {}).items():
            if key.endswith(("PASSWORD", "SECRET_ACCESS_KEY")):
                assert re.fullmatch(r"\$\{[A-Z0-9_]+:\?\}", value), key


def test_the_env_file_s_example_names_every_variable_and_no_secret() -> None:
    asked = set(re.findall(r"\$\{([A-Z0-9_]+)", COMPOSE.read_text(encoding="utf-8")))
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    offered = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert asked == set(offered)
    assert not [name for name, value in offered.items() if name.endswith(("PASSWORD", "KEY")) and value]


@pytest.mark.parametrize("service", sorted(SERVICES | {"setup"}))
def test_the_settings_of_a_service_are_accepted_as_they_stand(
    compose: dict[str, Any], service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = compose["services"][service]["environment"]
    assert unknown_keys(environment) == set()
    for key, value in environment.items():
        monkeypatch.setenv(
            key,
            re.sub(r"\$\{[A-Z0-9_]+(:\?|:-)\}", "x", value)
            if key.endswith(("PASSWORD", "PASSWORDS", "KEY"))
            else re.sub(r"\$\{.*\}", "", value),
        )
    assert Settings().kafka.bootstrap_servers == "kafka:9092"
