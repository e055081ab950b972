"""The compose file has not been run here, so it may use no setting that the stack on one machine does not use."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml

from infra.local.connections import Connections
from infra.local.engines.kafka import broker_properties
from infra.local.engines.postgres import INITDB_OPTIONS
from infra.local.engines.seaweedfs import DOORS, SeaweedFS
from infra.local.layout import Layout
from infra.local.outside import Outside
from infra.local.programs import Programs
from infra.local.stack_identity import SERVICES, StackIdentity

COMPOSE = Path(__file__).parents[3] / "docker-compose.yml"
OF_THE_IMAGE = {
    "KAFKA_HEAP_OPTS",
    "POSTGRES_PASSWORD",
    "POSTGRES_INITDB_ARGS",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
}
"""How an image is told what the local stack says on a command line or in a file."""
OF_ITS_PLACE = {
    "advertised.listeners",
    "controller.quorum.voters",
    "listeners",
    "listener.security.protocol.map",
    "log.dirs",
}
"""What a broker is told of where it is: there it speaks to itself where nobody else can, here all are on loopback."""


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return dict(document["services"])


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    layout = Layout(tmp_path / "stack")
    layout.claim()
    identity, _ = StackIdentity.make(uuid4(), datetime.now(UTC)).settle_ports({})
    return Programs(layout, identity, Connections.make(Outside(), identity, layout), {})


def ours(environment: dict[str, str]) -> set[str]:
    return {key for key in environment if key.startswith("NIGHTKEEP_")}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_told_nothing_there_that_it_is_not_told_here(
    compose: dict[str, Any], programs: Programs, service: str
) -> None:
    here = programs.service(service).command().environment
    there = compose[service]["environment"]
    if service == "gateway":  # one environment for all there; the gateway answers /readyz at its own port
        there = {key: value for key, value in there.items() if not key.startswith("NIGHTKEEP_HEALTH__")}
    assert ours(there) <= ours(dict(here))


def test_the_setup_is_told_nothing_there_that_it_is_not_told_here(compose: dict[str, Any], programs: Programs) -> None:
    here = {**programs.service("catalog").command().environment, **programs.provision().environment}
    assert ours(compose["setup"]["environment"]) <= ours(here)


def test_the_broker_has_no_property_there_that_it_has_not_here_and_the_same_values(compose: dict[str, Any]) -> None:
    here = broker_properties(listen="", advertise="", controller="", data=Path("/"), password="")
    settings = compose["kafka"]["environment"].items()
    there = {
        key.removeprefix("KAFKA_").lower().replace("_", "."): value
        for key, value in settings
        if key not in OF_THE_IMAGE
    }
    assert set(there) <= set(here)
    alike = {key: value for key, value in there.items() if key not in OF_ITS_PLACE and "jaas" not in key}
    assert alike == {key: here[key] for key in alike}


def test_postgresql_is_initialised_alike(compose: dict[str, Any]) -> None:
    environment = compose["postgres"]["environment"]
    assert set(environment) <= OF_THE_IMAGE
    assert set(environment["POSTGRES_INITDB_ARGS"].split()) <= set(INITDB_OPTIONS)


def test_the_store_has_no_option_there_that_it_has_not_here(compose: dict[str, Any], tmp_path: Path) -> None:
    here = SeaweedFS(tmp_path, tuple(range(len(DOORS))), "", "").options()
    assert set(compose["seaweedfs"]["environment"]) <= OF_THE_IMAGE
    program, *there = compose["seaweedfs"]["command"]
    names = {re.sub("=.*", "", option) for option in there}
    assert program == "mini"
    assert names <= {re.sub("=.*", "", option) for option in here}
    assert {option for option in there if option.endswith(("=false", "=0"))} <= set(here)
