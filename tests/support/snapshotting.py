"""The snapshot service in this process, on a test's own topics, database and bucket, and the log that it lives by."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

from contracts.codec import decode
from contracts.envelope import Event, Message
from contracts.events.apps import EnvironmentChecked, EnvironmentRegistered
from contracts.events.backups import BackupCancelRequested, BackupKind, BackupRequested
from contracts.streams import stream
from contracts.topics import Topic
from contracts.values import CloudVersion, DatabasePlace, DirectoryFiles, Mode, Provisioner, Region, S3Files
from services.platform.messaging.producer import Producer
from services.platform.messaging.reading import LogReader
from services.platform.messaging.topics import ensure_topics
from services.platform.objectstore.s3 import S3ObjectStore
from services.platform.process.health import Health
from services.platform.process.settings import KafkaSettings, PostgresSettings, RepositorySettings, S3Settings
from services.platform.repository import EnvironmentRepository, RepositoryV2
from services.platform.repository.master_key import read_master_key
from services.snapshot.bootstrap import bootstrap
from services.snapshot.settings import SnapshotSettings
from tests.support.app_databases import AppDatabase
from tests.support.capturing import DOCUMENTS_QUERY, Place
from tests.support.events import NOON, event
from tests.support.eventually import eventually
from tests.support.jobs import QUICK

E = TypeVar("E", bound=Event)


@dataclass
class Log:
    """What other services would have put on the log, and what this one puts there."""

    producer: Producer
    reader: LogReader
    app_id: UUID = field(default_factory=uuid4)
    _sequences: dict[str, int] = field(default_factory=dict)

    async def say(self, body: Event, service: str, entity: str, entity_id: UUID) -> None:
        """Put one event of another service."""
        name = stream(service, entity, entity_id)
        self._sequences[name] = self._sequences.get(name, 0) + 1
        await self.producer.send(Topic.EVENTS, event(body, name, self._sequences[name], key=str(self.app_id)))

    async def said(self) -> list[Message[Any]]:
        """What the snapshot service put there, in order."""
        found = []
        for partition, end in (await self.reader.ends(Topic.EVENTS)).items():
            async for records in self.reader.read(Topic.EVENTS, partition, 0, end):
                found += [decode(one.record) for one in records]
        return [message for message in found if message.envelope.source == "nightkeep/snapshot"]

    async def about(self, kind: type[E], entity_id: UUID, *, within_seconds: float = 120) -> E:
        """The event of this kind on the entity's stream, as soon as it is there."""

        async def look() -> E | None:
            bodies = [message.body for message in await self._records(entity_id)]
            return next((body for body in bodies if isinstance(body, kind)), None)

        found = await eventually(look, within_seconds=within_seconds)
        assert found is not None
        return found

    async def names(self, entity_id: UUID) -> list[str]:
        """The records about it, by name."""
        return [type(message.body).__name__ for message in await self._records(entity_id)]

    async def events(self, entity_id: UUID) -> list[str]:
        """The events about it, by name: a record that is there again, since its relay died, is the same event."""
        return list({m.envelope.id: type(m.body).__name__ for m in await self._records(entity_id)}.values())

    async def _records(self, entity_id: UUID) -> list[Message[Any]]:
        return [message for message in await self.said() if (message.envelope.subject or "").endswith(str(entity_id))]


@dataclass
class Snapshots:
    """The service's surroundings."""

    settings: SnapshotSettings
    log: Log

    @property
    def app_id(self) -> UUID:
        """The app that everything belongs to."""
        return self.log.app_id

    def put_secret(self, value: str) -> str:
        """Keep a secret as an operator would; returns its reference."""
        path = self.settings.secrets_directory / uuid4().hex
        path.touch(mode=0o600)
        path.write_text(value)
        return f"secret:{path.name}"

    def repository(self, environment_id: UUID, store: S3ObjectStore) -> EnvironmentRepository:
        """The environment's repository as another process would open it."""
        return RepositoryV2(store, read_master_key(self.settings.repository)).of(environment_id)

    async def registered(self, place: Place) -> UUID:
        """The environment of the place, known to the service and checked."""
        environment_id = await self.register(place.database, place.documents, DOCUMENTS_QUERY)
        assert (await self.checked(environment_id)).passed
        return environment_id

    async def register(
        self,
        database: AppDatabase,
        documents: Path | S3Files,
        query: str | None = None,
        **changes: Any,  # noqa: ANN401 -- fields of DatabasePlace
    ) -> UUID:
        """Tell of an environment; returns its id."""
        fields = {
            "host": database.server.host,
            "port": database.server.port,
            "name": database.name,
            "user": database.role,
            "password": self.put_secret(database.password),
            "provisioner": Provisioner(
                user=database.server.user, password=self.put_secret(database.server.password.get_secret_value())
            ),
        }
        described = EnvironmentRegistered(
            app_id=self.app_id,
            environment_id=uuid4(),
            name="Production",
            mode=Mode.PRODUCTION,
            region=Region.EUROPE,
            cloud_version=CloudVersion.V4,
            database=DatabasePlace(**{**fields, **changes}),
            files=documents if isinstance(documents, S3Files) else DirectoryFiles(path=str(documents)),
            documents_query=query,
            schedule=None,
            check_id=uuid4(),
        )
        await self.log.say(described, "catalog", "environment", described.environment_id)
        return described.environment_id

    async def checked(self, environment_id: UUID) -> EnvironmentChecked:
        """What the check of a registered environment found."""
        return await self.log.about(EnvironmentChecked, environment_id)

    async def request(
        self,
        environment_id: UUID,
        backup_id: UUID | None = None,
        kind: BackupKind = BackupKind.ON_DEMAND,
        **more: Any,  # noqa: ANN401 -- fields of BackupRequested
    ) -> UUID:
        """Tell of a backup that was asked for; returns its id."""
        requested = BackupRequested(
            backup_id=backup_id or uuid4(),
            environment_id=environment_id,
            app_id=self.app_id,
            kind=kind,
            created_at=NOON,
            created_by="Ada",
            comment="before the move",
            model_version="7.1.0",
            slot_date=NOON.date(),
            calendar_offset="+01:00",
            tiers=(),
            expires_at=None,
            policy="standard",
            policy_version=1,
            **more,
        )
        await self.log.say(requested, "catalog", "backup", requested.backup_id)
        return requested.backup_id

    async def cancel(self, backup_id: UUID, environment_id: UUID) -> None:
        """Tell that somebody wants it stopped."""
        body = BackupCancelRequested(backup_id=backup_id, environment_id=environment_id)
        await self.log.say(body, "catalog", "backup", backup_id)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The service, until the end of the context."""
        async with AsyncExitStack() as stack:
            tasks = [asyncio.ensure_future(task) for task in await bootstrap(stack, self.settings, Health())]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def open_snapshots(
    kafka: KafkaSettings, postgres: PostgresSettings, s3: S3Settings, directory: Path
) -> AsyncIterator[Snapshots]:
    """Everything that the service needs; it does not run yet. What is in the directory already is used."""
    for name in ("secrets", "scratch"):
        (directory / name).mkdir(mode=0o700, exist_ok=True)
    key_file = directory / "repository.key"
    if not key_file.exists():
        key_file.touch(mode=0o600)
        key_file.write_text(secrets.token_hex(32))
    settings = SnapshotSettings(
        kafka=kafka,
        postgres=postgres,
        s3=s3,
        repository=RepositorySettings(key_file=key_file),
        secrets_directory=directory / "secrets",
        scratch_directory=directory / "scratch",
        worker=QUICK,
    )
    await ensure_topics(kafka)
    async with Producer.open(kafka) as producer, LogReader.open(kafka) as reader:
        yield Snapshots(settings, Log(producer, reader))
