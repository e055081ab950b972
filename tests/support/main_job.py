"""The whole platform and one app: production with a rich database and documents, acceptance with nothing."""

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar
from uuid import UUID

from contracts.values import CloudVersion, DatabasePlace, DirectoryFiles, Mode, Provisioner, Region, SslMode
from services.cli.client import Gateway
from services.gateway.first_admin import make_first_admin
from services.gateway.resources import App, Environment, NewApp, NewEnvironment
from services.platform.process.clock import SystemClock
from services.platform.process.ids import random_id
from services.platform.process.settings import PostgresSettings
from tests.support.app_databases import AppDatabase, app_database
from tests.support.running_services import Platform

SERVICES: Final = ("catalog", "snapshot", "restore", "retention", "replication", "gateway")
RICH_SCHEMA: Final = Path(__file__).parent / "rich_schema.sql"
T = TypeVar("T")


@dataclass
class Place:
    """One environment as its app has it: a database and a directory of documents."""

    database: AppDatabase
    documents: Path

    def put(self, content: bytes, document_id: UUID) -> Path:
        """Write a document where the app would."""
        text = str(document_id)
        path = self.documents / text[:2] / text[2:4] / text
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def contents(self) -> dict[str, str]:
        """Every file by its place below the directory, with its SHA-256."""
        # What a service has beside the documents comes and goes: nobody walks into it.
        tops = [path for path in self.documents.iterdir() if path.name != ".nightkeep"]
        files = [path for top in tops for path in (top, *top.rglob("*")) if path.is_file()]
        return {str(path.relative_to(self.documents)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    def everything(self) -> tuple[str, dict[str, str]]:
        """What the environment holds, its owner by another name: two with the same answer hold the same."""
        return self.database.as_text().replace(self.database.role, "{owner}"), self.contents()


@dataclass
class MainJob:
    """The platform, a client with the first administrator's key, that key, and the app's environments."""

    platform: Platform
    api_key: str
    gateway: Gateway
    app: App
    production: Environment
    acceptance: Environment
    places: dict[str, Place]

    @staticmethod
    async def call(function: Callable[..., T], *arguments: object, **options: object) -> T:
        """Call the gateway's client beside the event loop."""
        return await asyncio.to_thread(function, *arguments, **options)


@asynccontextmanager
async def open_main_job(
    platform: Platform, *, documents: int = 40, production_server: PostgresSettings | None = None
) -> AsyncIterator[MainJob]:
    """All six services, and an app whose production runs and was checked and whose acceptance is empty and stopped.

    Production's database is on `production_server`, else on the server that everything else is on.
    """
    await platform.start(*SERVICES)
    async with run_main_job(platform, documents=documents, production_server=production_server) as job:
        yield job


@asynccontextmanager
async def run_main_job(
    platform: Platform, *, documents: int = 40, production_server: PostgresSettings | None = None
) -> AsyncIterator[MainJob]:
    """The same on services that run already."""
    key = await make_first_admin(platform.database("gateway"), "ada", clock=SystemClock(), new_id=random_id)
    with ExitStack() as stack:
        servers = {"production": production_server or platform.database.server, "acceptance": platform.database.server}
        places = {name: stack.enter_context(place(platform, name, server)) for name, server in servers.items()}
        await asyncio.to_thread(fill, places["production"], documents)
        gateway = stack.enter_context(Gateway(platform.gateway_url, "ada", key.text()))
        yield await asyncio.to_thread(_registered, platform, key.text(), gateway, places)


@contextmanager
def place(platform: Platform, name: str, server: PostgresSettings) -> Iterator[Place]:
    """An empty environment of its own on `server`."""
    documents = platform.directory / "documents" / name
    documents.mkdir(parents=True)
    with app_database(server) as database:
        yield Place(database, documents)


def fill(where: Place, documents: int) -> None:
    """A rich schema with rows, and documents that nothing else knows."""
    schema = RICH_SCHEMA.read_text(encoding="utf-8")
    where.database.run(schema.replace("{reader}", where.database.reader).replace("{owner}", where.database.role))
    dice = random.Random(7)  # noqa: S311 -- the same documents every time
    for _ in range(documents):
        where.put(dice.randbytes(dice.randrange(0, 30_000)), UUID(int=dice.getrandbits(128), version=4))


def described(platform: Platform, name: str, where: Place, mode: Mode) -> NewEnvironment:
    """What a person would register."""
    database, server = where.database, where.database.server
    return NewEnvironment(
        name=name,
        mode=mode,
        region=Region.EUROPE,
        cloud_version=CloudVersion.V4,
        database=DatabasePlace(
            host=server.host,
            port=server.port,
            name=database.name,
            user=database.role,
            password=platform.put_secret(f"{name}-database", database.password),
            sslmode=SslMode(server.sslmode),
            ca_file=str(server.ca_file) if server.ca_file else None,
            provisioner=Provisioner(
                user=server.user, password=platform.put_secret(f"{name}-server", server.password.get_secret_value())
            ),
        ),
        files=DirectoryFiles(path=str(where.documents)),
    )


def _registered(platform: Platform, api_key: str, gateway: Gateway, places: dict[str, Place]) -> MainJob:
    app = gateway.register_app(NewApp(name="Čapek shop", slug="shop"))
    registered = {}
    for name, mode in (("production", Mode.PRODUCTION), ("acceptance", Mode.ACCEPTANCE)):
        environment = gateway.register_environment(app.app_id, described(platform, name, places[name], mode))
        check = gateway.wait_for_check(environment.environment_id, timeout_seconds=240)
        assert check.state == "passed", check.findings
        registered[name] = gateway.deploy(environment.environment_id, "7.1.0")
    gateway.start(registered["production"].environment_id)
    return MainJob(platform, api_key, gateway, app, registered["production"], registered["acceptance"], places)
