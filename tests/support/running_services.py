"""Services as real processes on a test's own topics, database and bucket; killed and started again at will."""

import asyncio
import os
import secrets
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
from pydantic import SecretStr

from infra.local.outside import as_environment
from infra.local.ports import free_port
from services.platform.process.settings import KafkaSettings, S3Settings
from tests.support import starting
from tests.support.databases import FreshDatabase
from tests.support.eventually import eventually
from tests.support.local_client import loopback_client

STARTS_WITHIN_SECONDS: Final = 240.0

NO_S3: Final = S3Settings(
    endpoint_url="http://127.0.0.1:9", bucket="none", access_key_id="none", secret_access_key=SecretStr("none")
)
"""The catalog opens no object store, and the gateway does without one until somebody downloads."""


@dataclass
class Service:
    """One running service, its log and where its health is told."""

    name: str
    process: starting.Program
    health_url: str
    log: Path

    async def ready(self) -> bool:
        """Whether /readyz says so. Raises RuntimeError with its log when the process has died."""
        if (code := self.process.poll()) is not None:
            raise RuntimeError(f"{self.name} ended with {code}:\n{self.log.read_text()[-4000:]}")
        async with loopback_client() as client:
            try:
                return (await client.get(f"{self.health_url}/readyz")).status_code == httpx.codes.OK
            except httpx.TransportError:
                return False

    async def is_stopped(self) -> bool:
        """Whether it stands at the seam that its crash file named: `stop before step: write the manifest`."""
        return await starting.is_asleep(self.process)

    def end(self, how: signal.Signals = signal.SIGKILL) -> int:
        """End it, by default without any warning; returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(timeout=60)


@dataclass
class Platform:
    """A platform of a test's own: which servers it uses, and the services that run on them."""

    kafka: KafkaSettings
    database: FreshDatabase
    s3: S3Settings
    directory: Path
    settings: dict[str, str] = field(default_factory=dict)
    own_settings: dict[str, dict[str, str]] = field(default_factory=dict)
    """What only one service is told."""
    modules: dict[str, str] = field(default_factory=dict)
    """What runs in a service's place."""
    services: dict[str, Service] = field(default_factory=dict)
    gateway_port: int = 0

    @property
    def secrets(self) -> Path:
        """Where `secret:<name>` is looked up."""
        return self.directory / "secrets"

    @property
    def gateway_url(self) -> str:
        """Where the gateway listens."""
        return f"http://127.0.0.1:{self.gateway_port}"

    def put_secret(self, name: str, value: str) -> str:
        """Keep a secret as an operator would; returns its reference."""
        path = self.secrets / name
        path.touch(mode=0o600)
        path.write_text(value)
        return f"secret:{name}"

    async def start(self, *names: str) -> None:
        """Start services and wait until all of them are ready."""
        self.launch(*names)
        await self.ready(*names)

    def launch(self, *names: str) -> None:
        """Start services in this order, and wait for nothing."""
        for name in names:
            self.services[name] = self._started(name)

    async def ready(self, *names: str) -> None:
        """Wait until all of these services are ready. Raises RuntimeError with its log when one has died."""
        for name in names:
            await eventually(self.services[name].ready, within_seconds=STARTS_WITHIN_SECONDS)

    def environment(self, name: str) -> dict[str, str]:
        """The settings of one service, as the local stack would give them."""
        own = {
            "NIGHTKEEP_REPOSITORY__KEY_FILE": str(self.directory / "repository.key"),
            "NIGHTKEEP_SECRETS_DIRECTORY": str(self.secrets),
            "NIGHTKEEP_SCRATCH_DIRECTORY": str(self.directory / "scratch"),
            "NIGHTKEEP_HEALTH__HOST": "127.0.0.1",
            "NIGHTKEEP_LOG__FORMAT": "console",
        }
        engines = as_environment("KAFKA", self.kafka) | as_environment("S3", self.s3)
        told = engines | as_environment("POSTGRES", self.database(name))
        kept = {key: value for key, value in os.environ.items() if not key.startswith("NIGHTKEEP_")}
        return kept | told | own | self.settings | self.own_settings.get(name, {})

    def _started(self, name: str) -> Service:
        port = free_port()
        environment = self.environment(name)
        if name == "gateway":
            self.gateway_port = self.gateway_port or port
            port = self.gateway_port
            environment |= {"NIGHTKEEP_GATEWAY__HOST": "127.0.0.1", "NIGHTKEEP_GATEWAY__PORT": str(port)}
        else:
            environment["NIGHTKEEP_HEALTH__PORT"] = str(port)
        module = self.modules.get(name, f"services.{name}")
        log = self.directory / f"{name}.log"
        return Service(name, starting.start(module, environment, log), f"http://127.0.0.1:{port}", log)


@asynccontextmanager
async def open_platform(
    kafka: KafkaSettings, database: FreshDatabase, s3: S3Settings, directory: Path
) -> AsyncIterator[Platform]:
    """A platform with nothing started yet; whatever runs at the end is ended."""
    for name in ("secrets", "scratch"):
        (directory / name).mkdir(mode=0o700)
    key = directory / "repository.key"
    key.touch(mode=0o600)
    key.write_text(secrets.token_hex(32))
    platform = Platform(kafka, database, s3, directory)
    try:
        yield platform
    finally:
        for service in platform.services.values():
            await asyncio.to_thread(service.end)


@asynccontextmanager
async def open_catalog(
    kafka: KafkaSettings, database: FreshDatabase, directory: Path, **settings: str
) -> AsyncIterator[Platform]:
    """A platform of which the catalog alone runs, with these variables besides."""
    async with open_platform(kafka, database, NO_S3, directory) as platform:
        platform.settings |= settings
        await platform.start("catalog")
        yield platform
