"""Engines for a test session from the same programs that `nightkeep up` runs, in a directory that goes with it."""

import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from infra.local.children import Command, start, stop
from infra.local.engines.engine import Engine
from infra.local.engines.kafka import USER, Kafka
from infra.local.engines.postgres import SUPERUSER, Postgres
from infra.local.engines.seaweedfs import DOORS, SeaweedFS
from infra.local.ports import LOOPBACK, free_port, free_ports
from services.platform.process.settings import KafkaSettings, PostgresSettings, S3Settings

START_SECONDS: Final = 120
MEMORY: Final = Path("/dev/shm")  # noqa: S108 -- names within it are drawn by mkdtemp
ENOUGH_BYTES: Final = 1 << 30
"""For the topics of a run."""
ENOUGH_FOR_DATABASES_BYTES: Final = 4 << 30
"""Those of five workers at once, the log of what they write, and a broker beside them."""


@contextmanager
def local_kafka() -> Iterator[KafkaSettings]:
    """Run a broker, in memory where there is enough: for the topics of a test it waits for 500 writes to the disk."""
    with engine_directory(_memory(ENOUGH_BYTES)) as directory:
        engine = Kafka(directory, free_port(), free_port(), password=secrets.token_urlsafe())
        with running(engine):
            yield kafka_settings_of(engine.address, engine.password)


@contextmanager
def local_postgres(where: Path | None = None, **settings: str) -> Iterator[PostgresSettings]:
    """Run PostgreSQL 18 with these settings; nothing that it holds must survive, so it does not wait for the disk."""
    with engine_directory(where) as directory:
        engine = Postgres(
            directory, free_port(), password=secrets.token_urlsafe(), settings={"fsync": "off", **settings}
        )
        with running(engine):
            yield postgres_settings_of(engine)


@contextmanager
def local_s3() -> Iterator[S3Settings]:
    """Run SeaweedFS; the bucket that the settings name does not exist."""
    with engine_directory() as directory:
        engine = SeaweedFS(directory, tuple(free_ports(len(DOORS))), "nightkeep", secrets.token_urlsafe())
        with running(engine):
            yield s3_settings_of(engine.endpoint_url, engine.secret_access_key)


def kafka_settings_of(bootstrap_servers: str, password: str) -> KafkaSettings:
    """Return the settings of a broker of ours."""
    return KafkaSettings(
        bootstrap_servers=bootstrap_servers,
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="PLAIN",
        username=USER,
        password=SecretStr(password),
        session_timeout_seconds=6,
        replication_factor=1,
    )


def postgres_settings_of(engine: Postgres) -> PostgresSettings:
    """Return the settings of a PostgreSQL of ours, as superuser."""
    return PostgresSettings(
        host=LOOPBACK,
        port=engine.port,
        database="postgres",
        user=SUPERUSER,
        password=SecretStr(engine.password),
        sslmode="disable",
    )


def s3_settings_of(endpoint_url: str, secret_access_key: str) -> S3Settings:
    """Return the settings of a SeaweedFS of ours."""
    return S3Settings(
        endpoint_url=endpoint_url,
        bucket="none",
        access_key_id="nightkeep",
        secret_access_key=SecretStr(secret_access_key),
    )


@contextmanager
def running(engine: Engine) -> Iterator[None]:
    """Run an engine until the block ends. Raises `RuntimeError` with its last words if it does not come up."""
    engine.prepare()
    command = engine.command()
    process = start(command)
    try:
        _await_ready(engine, process, command)
        yield
    finally:
        stop(process, command)


def _await_ready(engine: Engine, process: subprocess.Popen[bytes], command: Command) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not engine.is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{engine.name} did not come up: {command.log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)


@contextmanager
def engine_directory(where: Path | None = None) -> Iterator[Path]:
    """Make a directory that PostgreSQL's unprivileged user can reach; pytest's own are closed to it."""
    directory = Path(tempfile.mkdtemp(prefix="nightkeep-test-", dir=where))
    directory.chmod(0o711)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def place_of_databases() -> Path | None:
    """In memory where there is enough, else on the disk (None): a test's own is some 300 files that come and go.

    PostgreSQL's user runs a copy of its programs in its directory, if theirs are closed to it.
    """
    place = _memory(ENOUGH_FOR_DATABASES_BYTES)
    return None if place is None or os.statvfs(place).f_flag & os.ST_NOEXEC else place


def _memory(enough_bytes: int) -> Path | None:
    """Where files lie in memory; None on a machine that has no such place, or a small one, as in a container."""
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= enough_bytes:
        return MEMORY
    return None
