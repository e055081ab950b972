"""A catalog and a gateway as real processes, a key for each kind of caller, and facts from the services that work."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import httpx

from contracts.codec import RawRecord, decode
from contracts.envelope import Event, Message
from contracts.topics import Topic
from services.gateway.adapters.keystore import add_key, random_key
from services.gateway.domain.rights import Scope
from services.gateway.first_admin import make_first_admin
from services.platform.database import Database
from services.platform.messaging.producer import Producer
from services.platform.messaging.reading import LogReader
from services.platform.process.clock import SystemClock
from services.platform.process.settings import KafkaSettings, PostgresSettings, S3Settings
from tests.support.databases import FreshDatabase
from tests.support.eventually import eventually
from tests.support.histories import History
from tests.support.local_client import loopback_client
from tests.support.running_services import NO_S3, Platform, open_platform

Json = dict[str, Any]
ADMIN: Final = "ada"
PATIENT: Final = {
    "NIGHTKEEP_GATEWAY__READ_YOUR_WRITES_SECONDS": "30",
    "NIGHTKEEP_GATEWAY__ACCESS_GATHERED_SECONDS": "1",
    "NIGHTKEEP_GATEWAY__RATE_PER_SECOND": "10000",
}
"""A read model that is late, on a machine that is busy, is waited for; tests look more often than anybody may."""


@dataclass
class Api:
    """The gateway as its callers see it, and the log as the services behind it do."""

    platform: Platform
    key: str
    client: httpx.AsyncClient
    producer: Producer
    database: Database

    @property
    def url(self) -> str:
        """Where the gateway listens."""
        return self.platform.gateway_url

    def connect(self, key: str | None = None, **headers: str) -> httpx.AsyncClient:
        """A client with a key, or with none."""
        shown = {} if key is None else {"Authorization": f"Bearer {key}"}
        return loopback_client(base_url=self.url, headers=shown | headers, timeout=60)

    async def key_with(self, *scopes: Scope) -> str:
        """A new key of the administrator's with these scopes only."""
        key = random_key()
        async with self.database.transaction() as c:
            user_id = await c.fetchval("SELECT user_id FROM gateway.person WHERE name = $1", ADMIN)
            await add_key(c, user_id, key, frozenset(scopes), now=datetime.now(UTC))
        return key.text()

    async def new_app(self) -> Json:
        """A registered app."""
        slug = f"app-{secrets.token_hex(4)}"
        answer = await self.client.post("/api/v1/apps", json={"name": f"App {slug}", "slug": slug})
        assert answer.status_code == httpx.codes.CREATED, answer.text
        return dict(answer.json())

    async def new_environment(self, app: Json, name: str = "production", *, passed: bool = True) -> Json:
        """A registered environment, whose check passed where `passed`."""
        answer = await self.client.post(
            f"/api/v1/apps/{app['app_id']}/environments", params={"wait_seconds": 0}, json=described(name)
        )
        assert answer.status_code == httpx.codes.CREATED, answer.text
        if passed:
            await self.tell(*self.checked(answer.json()))
            await self.eventually_environment(answer.json(), "ever_passed", True)  # noqa: FBT003 -- a value
        return dict(answer.json())

    async def ready_environment(self) -> Json:
        """An environment, of an app of its own, that takes backups."""
        return await self.new_environment(await self.new_app())

    def checked(self, environment: Json, **changes: object) -> list[RawRecord]:
        """What the snapshot service says after a first look at a new environment."""
        history = self.history(environment)
        history.check_id = UUID(environment["check"]["check_id"])
        stream = f"snapshot/environment/{environment['environment_id']}"
        return [history.record(stream, "EnvironmentChecked", **changes)]

    def history(self, environment: Json) -> History:
        """What services may say about an environment."""
        history = History()
        history.app_id = UUID(environment["app_id"])
        history.environment_id = UUID(environment["environment_id"])
        return history

    async def backed_up(self) -> tuple[Json, Json]:
        """An environment of an app of its own, and its backup, which has completed."""
        environment = await self.ready_environment()
        backup = (await self.client.post(f"/api/v1/environments/{environment['environment_id']}/backups")).json()
        await self.completed(environment, backup)
        return environment, backup

    async def completed(self, environment: Json, backup: Json, **changes: object) -> None:
        """Have the snapshot service complete a backup; `changes` to what it says of it."""
        history = await self._begun(environment, backup)
        await self.tell(history.record(f"snapshot/backup/{backup['backup_id']}", "BackupCompleted", **changes))
        await self.eventually(f"/api/v1/backups/{backup['backup_id']}", "state", "completed")

    async def failed(self, environment: Json, backup: Json) -> None:
        """Have the snapshot service fail a backup."""
        history = await self._begun(environment, backup)
        await self.tell(history.record(f"snapshot/backup/{backup['backup_id']}", "BackupFailed"))
        await self.eventually(f"/api/v1/backups/{backup['backup_id']}", "state", "failed")

    async def _begun(self, environment: Json, backup: Json) -> History:
        """Have the snapshot service begin a backup, of which it hears by the log."""
        assert (await self.client.get(f"/api/v1/backups/{backup['backup_id']}")).status_code == 200
        history = self.history(environment)
        history.backup_id = UUID(backup["backup_id"])
        await self.tell(history.record(f"snapshot/backup/{backup['backup_id']}", "BackupStarted"))
        return history

    async def eventually_backup(self, environment: Json) -> Json:
        """The environment's newest backup, once there is one."""

        async def look() -> Json | None:
            place = f"/api/v1/environments/{environment['environment_id']}/backups"
            found: list[Json] = (await self.client.get(place)).json()["backups"]
            return found[0] if found else None

        seen = await eventually(look)
        assert seen is not None
        return seen

    async def eventually_check(self, environment: Json) -> Json:
        """The environment once another check of it than this one is under way."""

        async def look() -> Json | None:
            found: Json = (await self.client.get(f"/api/v1/environments/{environment['environment_id']}")).json()
            return found if found["check"]["check_id"] != environment["check"]["check_id"] else None

        seen = await eventually(look)
        assert seen is not None
        return seen

    async def tell(self, *records: RawRecord) -> None:
        """Put facts on the log."""
        await self.producer.send_batch(Topic.EVENTS, records)

    async def said(self, stream: str) -> list[Event]:
        """The events of a stream that are on the log, in order."""
        found: list[Message[Any]] = []
        async with LogReader.open(self.platform.kafka) as reader:
            for partition, end in (await reader.ends(Topic.EVENTS)).items():
                async for records in reader.read(Topic.EVENTS, partition, 0, end):
                    found += [decode(one.record) for one in records]
        return [one.body for one in found if one.envelope.subject == stream]

    async def eventually_environment(self, environment: Json, name: str, value: object) -> Json:
        """The environment once a field has this value."""
        return await self.eventually(f"/api/v1/environments/{environment['environment_id']}", name, value)

    async def eventually_many(self, path: str, items: str, count: int) -> list[Json]:
        """The `items` of the list at `path` once there are so many."""

        async def look() -> list[Json] | None:
            found: list[Json] = (await self.client.get(path)).json()[items]
            return found if len(found) >= count else None

        seen = await eventually(look)
        assert seen is not None
        return seen

    async def every(self, path: str, items: str, *, limit: int, **asked: str) -> list[Json]:
        """All `items` of the list at `path`, page by page, at most `limit` on each."""
        found: list[Json] = []
        place: dict[str, str | int] = {"limit": limit} | asked
        while True:
            page = (await self.client.get(path, params=place)).json()
            found += page[items]
            if page["next"] is None:
                return found
            place["after"] = page["next"]

    async def eventually_sweep(self, environment: Json, sweep_id: str) -> None:
        """Returns when the environment shows that this sweep has stopped."""

        async def look() -> bool:
            answer = await self.client.get(f"/api/v1/environments/{environment['environment_id']}")
            stopped = answer.json()["stopped_sweep"]
            return stopped is not None and stopped["sweep_id"] == sweep_id

        await eventually(look)

    async def eventually_stopped(self, environment: Json, stop_id: str) -> None:
        """Returns when the environment shows that its schedule has stopped so."""

        async def look() -> bool:
            answer = await self.client.get(f"/api/v1/environments/{environment['environment_id']}")
            stopped = answer.json()["stopped_schedule"]
            return stopped is not None and stopped["stop_id"] == stop_id

        await eventually(look)

    async def eventually(self, path: str, name: str, value: object) -> Json:
        """What is at `path` once a field has this value."""

        async def look() -> Json | None:
            answer = await self.client.get(path)
            found: Json = answer.json()
            return found if found.get(name) == value else None

        seen = await eventually(look)
        assert seen is not None
        return seen


def described(name: str = "production", **changes: object) -> Json:
    """An environment that can be registered."""
    return {
        "name": name,
        "mode": "production",
        "region": "europe",
        "cloud_version": "v4",
        "database": {"host": "127.0.0.1", "name": "orders", "user": "orders", "password": "secret:orders-db"},
        "files": {"kind": "directory", "path": "/srv/orders"},
    } | changes


@asynccontextmanager
async def open_api(
    kafka: KafkaSettings, postgres: PostgresSettings, directory: Path, s3: S3Settings = NO_S3, **settings: str
) -> AsyncIterator[Api]:
    """A catalog and a gateway, both ready, with an administrator; `settings` as the environment names them."""
    own = kafka.model_copy(update={"topic_prefix": f"test-{uuid4().hex}"})
    database = FreshDatabase(postgres)
    try:
        async with open_platform(own, database, s3, directory) as platform:
            platform.settings |= PATIENT | settings
            await platform.start("catalog", "gateway")
            async with _api(platform, own, database) as api:
                yield api
    finally:
        database.drop()


@asynccontextmanager
async def second_gateway(api: Api, **settings: str) -> AsyncIterator[Api]:
    """The same platform through a gateway more."""
    platform = replace(api.platform, settings=settings, services={}, gateway_port=0)
    await platform.start("gateway")
    try:
        yield replace(api, platform=platform)
    finally:
        platform.services["gateway"].end()


@asynccontextmanager
async def _api(platform: Platform, kafka: KafkaSettings, database: FreshDatabase) -> AsyncIterator[Api]:
    key = (await make_first_admin(database("gateway"), ADMIN, clock=SystemClock(), new_id=uuid4)).text()
    opened = await Database.open(database("gateway"))
    client = loopback_client(base_url=platform.gateway_url, headers={"Authorization": f"Bearer {key}"}, timeout=60)
    try:
        async with Producer.open(kafka) as producer, client:
            yield Api(platform, key, client, producer, opened)
    finally:
        await opened.close()
