"""A platform of six services that rehearses, on a clock that is moved, with an app of three environments."""

import asyncio
import hashlib
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

from contracts.states import BackupState
from contracts.values import Mode, S3Files
from services.cli.client import Gateway
from services.gateway.first_admin import make_first_admin
from services.gateway.resources import App, Backup, Environment, NewApp
from services.platform.connectors.files.places import OWN
from services.platform.objectstore.s3 import S3ObjectStore
from services.platform.process.clock import SystemClock
from services.platform.process.ids import random_id
from services.platform.process.settings import KafkaSettings, S3Settings
from tests.soak.arguments import Arguments, watched_arguments
from tests.soak.callers import USER, Caller, open_caller
from tests.support.buckets import fresh_prefix
from tests.support.databases import FreshDatabase, execute
from tests.support.eventually import eventually
from tests.support.main_job import SERVICES, Place, described, fill, place
from tests.support.moved_clock import MovedBy
from tests.support.receiver import Receiver, open_receiver
from tests.support.running_services import Platform, open_platform
from tests.support.script import Script, Seen, open_script

QUICK: Final = {
    "NIGHTKEEP_REHEARSAL__DECLARED": "true",
    "NIGHTKEEP_WORKER__HEARTBEAT_SECONDS": "0.5",
    "NIGHTKEEP_WORKER__BACKOFF_FIRST_SECONDS": "0.2",
    "NIGHTKEEP_WORKER__BACKOFF_LAST_SECONDS": "2",
    "NIGHTKEEP_WORKER__TRIES": "50",
}
LEASE_SECONDS: Final = 4
"""A worker that dies is replaced soon, and however often it dies, its job is not given up."""
MODES: Final = {"production": Mode.PRODUCTION, "acceptance": Mode.ACCEPTANCE, "shelf": Mode.TEST}
LARGE_BYTES: Final = 17 * 1024 * 1024
"""More than one request to an object store carries."""
PATIENCE_SECONDS: Final = 240.0
Held = tuple[str, dict[str, str]]
"""A database as text, and the SHA-256 of each document by its place."""


@dataclass
class World:
    """The platform and everybody around it. `contents` is what each backup must bring back.

    `arguments` are those of every process since it is there.
    """

    platform: Platform
    clock: MovedBy
    script: Script
    receiver: Receiver
    store: S3ObjectStore
    shelf_store: S3ObjectStore
    caller: Caller
    app: App
    environments: dict[str, UUID]
    places: dict[str, Place]
    arguments: Arguments
    newest: Backup | None = None
    contents: dict[UUID, Held] = field(default_factory=dict)
    api_key: str = field(default="", repr=False)
    typed: list[str] = field(default_factory=list, repr=False)
    """Passwords of people, and the cookies of their browsers."""

    @property
    def gateway(self) -> Gateway:
        """What the caller calls."""
        return self.caller.gateway

    def crash_file(self, service: str) -> Path:
        """Where a service is told to end itself."""
        return crash_file(self.platform, service)

    async def restart(self, service: str, how: signal.Signals = signal.SIGKILL) -> None:
        """End a service if it runs, and start it again."""
        self.crash_file(service).unlink(missing_ok=True)
        await asyncio.to_thread(self.platform.services[service].end, how)
        await self.platform.start(service)

    async def restart_dead(self) -> None:
        """Start every service again that does not run, and let none die."""
        for name, service in self.platform.services.items():
            self.crash_file(name).unlink(missing_ok=True)
            if service.process.poll() is not None:
                await self.platform.start(name)

    async def told(self, name: str, entity_id: UUID, *, times: int = 1) -> Seen:
        """An event about something, as soon as it was told so often."""
        seen = await eventually(lambda: self._told(name, entity_id, times), within_seconds=PATIENCE_SECONDS)
        assert seen is not None
        return seen

    async def told_once(self, name: str, entity_id: UUID, *, after: int = 0) -> None:
        """Wait until an event about something was told, behind so many others of its name, and that it is alone."""
        await self.told(name, entity_id, times=after + 1)
        assert self.count(name, entity_id) == after + 1, name

    async def _told(self, name: str, entity_id: UUID, times: int) -> Seen | None:
        about = [one for one in self.script.seen if one.name == name and str(entity_id) in one.data.values()]
        found = {one.headers["ce_id"]: one for one in about}
        return [*found.values()][times - 1] if len(found) >= times else None

    def count(self, name: str, entity_id: UUID) -> int:
        """How many events of a name there are about something; a record that is there twice is one."""
        about = [one for one in self.script.seen if one.name == name and str(entity_id) in one.data.values()]
        return len({one.headers["ce_id"] for one in about})

    def known(self, service: str, query: str) -> str:
        """What a service has in its own rows."""
        return execute(self.platform.database(service), query)

    async def backed_up(self, name: str = "production") -> Backup:
        """A completed backup, and what was there when it was asked for."""
        held = await self.held(name)
        asked = await self.caller.change(self.gateway.create_backup, self.environments[name], "walked")
        ended = await self.caller.until(
            lambda: self.gateway.backup(asked.backup_id),
            lambda backup: backup.state in {BackupState.COMPLETED, BackupState.FAILED},
        )
        assert ended.state is BackupState.COMPLETED, ended.failure
        self.contents[ended.backup_id] = held
        return ended

    async def held(self, name: str) -> Held:
        """What an environment holds; the shelf has its documents in a bucket."""
        database, documents = self.places[name].everything()
        if name == "shelf":
            documents = {at: hashlib.sha256(data).hexdigest() for at, data in (await self.shelf_objects()).items()}
        return database, documents

    async def shelf_objects(self) -> dict[str, bytes]:
        """The documents that are in a bucket."""
        infos = [info async for info in self.shelf_store.list("") if not info.key.startswith(OWN)]
        return {info.key: await self.shelf_store.get(info.key) for info in infos}

    async def a_backup(self) -> Backup:
        """A backup of production that is still there, a new one if need be."""
        if self.newest is None or (self.clock.now() - self.newest.created_at).days > 1:
            self.newest = await self.backed_up()
        return self.newest


def crash_file(platform: Platform, service: str) -> Path:
    """Where a service of a platform is told to end itself."""
    return platform.directory / f"{service}.crash"


@asynccontextmanager
async def open_world(  # noqa: PLR0913 -- three engines, a place, and what tests choose
    kafka: KafkaSettings,
    database: FreshDatabase,
    s3: S3Settings,
    directory: Path,
    *,
    documents: int = 12,
    lease_seconds: int = LEASE_SECONDS,
) -> AsyncIterator[World]:
    """The world, its environments checked; no app runs, so that no night takes a backup."""
    async with AsyncExitStack() as stack:
        ours, store = await stack.enter_async_context(fresh_prefix(s3))
        shelf, shelf_store = await stack.enter_async_context(fresh_prefix(s3))
        platform = await stack.enter_async_context(open_platform(kafka, database, ours, directory))
        clock = MovedBy(directory / "moved-by")
        clock.to(datetime.now(UTC))
        platform.settings |= QUICK | {
            "NIGHTKEEP_WORKER__LEASE_SECONDS": str(lease_seconds),
            "NIGHTKEEP_CLOCK__MOVED_BY_FILE": str(clock.path),
        }
        for name in SERVICES:
            told = {"NIGHTKEEP_REHEARSAL__CRASH_FILE": str(crash_file(platform, name))}
            platform.own_settings[name] = told
        await platform.start(*SERVICES)
        script = await stack.enter_async_context(open_script(kafka))
        key = await make_first_admin(platform.database("gateway"), USER, clock=SystemClock(), new_id=random_id)
        caller = stack.enter_context(open_caller(platform.gateway_url, key.text(), directory / "calls.jsonl"))
        places = {name: stack.enter_context(place(platform, name, database.server)) for name in MODES}
        await asyncio.to_thread(fill, places["production"], documents)
        await _fill_shelf(places["shelf"], shelf_store)
        app = await caller.change(caller.gateway.register_app, NewApp(name="Čapek shop", slug="shop"))
        environments = await _registered(platform, caller, app, places, shelf)
        receiver = stack.enter_context(open_receiver())
        arguments = await stack.enter_async_context(watched_arguments())
        yield World(
            platform=platform,
            clock=clock,
            script=script,
            receiver=receiver,
            store=store,
            shelf_store=shelf_store,
            caller=caller,
            app=app,
            environments=environments,
            places=places,
            arguments=arguments,
            api_key=key.text(),
        )


async def _fill_shelf(where: Place, store: S3ObjectStore) -> None:
    where.database.run("CREATE TABLE shelf (id int)")
    await store.put(place_of(uuid4()), b"small")


def place_of(document_id: UUID) -> str:
    """Where an app keeps a document."""
    text = str(document_id)
    return f"{text[:2]}/{text[2:4]}/{text}"


async def _registered(
    platform: Platform, caller: Caller, app: App, places: dict[str, Place], shelf: S3Settings
) -> dict[str, UUID]:
    registered = {}
    for name, mode in MODES.items():
        told = described(platform, name, places[name], mode)
        if name == "shelf":
            told = told.model_copy(update={"files": _bucket(platform, shelf)})
        environment: Environment = await caller.change(caller.gateway.register_environment, app.app_id, told)
        checked = await caller.until(
            lambda one=environment.environment_id: caller.gateway.environment(one),  # type: ignore[misc]  # -- bound now
            lambda one: one.check is not None and one.check.state != "running",
        )
        assert checked.check is not None
        assert checked.check.state == "passed", checked.check.findings
        await caller.change(caller.gateway.deploy, environment.environment_id, "7.1.0")
        registered[name] = environment.environment_id
    return registered


def _bucket(platform: Platform, shelf: S3Settings) -> S3Files:
    pair = f"{shelf.access_key_id}:{shelf.secret_access_key.get_secret_value()}"
    where: dict[str, Any] = {"bucket": shelf.bucket, "prefix": shelf.prefix, "endpoint_url": shelf.endpoint_url}
    return S3Files(**where, credentials=platform.put_secret("shelf-files", pair))
