"""Engines for a test session from the images that the compose file names, where Docker is."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from pydantic import SecretStr
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import HttpWaitStrategy, LogMessageWaitStrategy

from infra.local.engines.kafka import STARTED, broker_properties
from infra.local.ports import free_port
from services.platform.process.settings import KafkaSettings, PostgresSettings, S3Settings
from tests.support.local_engines import kafka_settings_of, s3_settings_of

COMPOSE_FILE = Path(__file__).parents[2] / "docker-compose.yml"


def described(service: str) -> dict[str, Any]:
    """Return what the compose file says of this service."""
    services = yaml.safe_load(COMPOSE_FILE.read_text(encoding="utf-8"))["services"]
    return dict(services[service])


def image(service: str) -> str:
    """Return the image, tag included, that the compose file runs for this service."""
    return str(described(service)["image"])


@contextmanager
def container_kafka() -> Iterator[KafkaSettings]:
    """Run the broker with the properties that the local one has, at a port that is the same inside and outside."""
    port = free_port()
    password = secrets.token_urlsafe()
    properties = broker_properties(
        listen=f"0.0.0.0:{port}",
        advertise=f"127.0.0.1:{port}",
        controller="127.0.0.1:9093",
        data=Path("/tmp/kraft"),  # noqa: S108 -- inside the container
        password=password,
    )
    container = DockerContainer(image("kafka")).with_bind_ports(port, port)
    for key, value in properties.items():
        container = container.with_env("KAFKA_" + key.upper().replace(".", "_"), value)
    with container.waiting_for(LogMessageWaitStrategy(STARTED)):
        yield kafka_settings_of(f"127.0.0.1:{port}", password)


@contextmanager
def container_postgres() -> Iterator[PostgresSettings]:
    """Run PostgreSQL."""
    password = secrets.token_urlsafe()
    container = DockerContainer(image("postgres")).with_exposed_ports(5432).with_env("POSTGRES_PASSWORD", password)
    with container.waiting_for(LogMessageWaitStrategy("listening on IPv4 address").with_startup_timeout(60)) as started:
        yield PostgresSettings(
            host=started.get_container_host_ip(),
            port=int(started.get_exposed_port(5432)),
            database="postgres",
            user="postgres",
            password=SecretStr(password),
            sslmode="disable",
        )


@contextmanager
def container_s3() -> Iterator[S3Settings]:
    """Run SeaweedFS, as the compose file does, but for the name of its host."""
    command = [re.sub("^-ip=.*", "-ip=127.0.0.1", word) for word in described("seaweedfs")["command"]]
    secret = secrets.token_urlsafe()
    container = (
        DockerContainer(image("seaweedfs"))
        .with_command(" ".join(command))
        .with_exposed_ports(8333)
        .with_env("AWS_ACCESS_KEY_ID", "nightkeep")
        .with_env("AWS_SECRET_ACCESS_KEY", secret)
    )
    with container.waiting_for(HttpWaitStrategy(8333, "/healthz")) as started:
        yield s3_settings_of(f"http://{started.get_container_host_ip()}:{started.get_exposed_port(8333)}", secret)
