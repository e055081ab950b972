"""Backups whose bytes are really in a bucket, taken by a stand-in, and the services that end them."""

import asyncio
import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from contracts.manifest import Manifest, Tombstone
from services.platform.database import Database
from services.platform.objectstore.s3 import S3ObjectStore
from services.platform.process.settings import ClockSettings, KafkaSettings, RepositorySettings, S3Settings
from services.platform.repository import EnvironmentRepository, RepositoryV2, read_documents
from services.platform.repository.errors import ContentMissingError
from services.platform.repository.keys import read_key_file
from services.retention.bootstrap import Retention, wire
from services.retention.settings import RetentionServiceSettings
from tests.suites.reclaim import Backups
from tests.support import starting
from tests.support.buckets import fresh_prefix
from tests.support.databases import FreshDatabase
from tests.support.eventually import eventually
from tests.support.jobs import QUICK as QUICK_WORKER
from tests.support.local_client import loopback_client
from tests.support.moved_clock import MovedBy
from tests.support.running_services import Platform, open_platform
from tests.support.script import Script, Seen, open_script
from tests.support.shop import Shop

T = TypeVar("T")

PATIENCE_SECONDS = 90.0
SWEEPS_SECONDS = tuple(1.1**number for number in range(24))
"""How long each sweep is waited for, 88 s in all: at first as long as one takes, then longer, for a busy machine. Few
enough that no backup expires meanwhile where a sweep comes every eight hours."""
QUICK = {
    "NIGHTKEEP_WORKER__LEASE_SECONDS": "3",
    "NIGHTKEEP_WORKER__HEARTBEAT_SECONDS": "0.5",
    "NIGHTKEEP_WORKER__BACKOFF_FIRST_SECONDS": "0.2",
}
"""A worker that dies is replaced soon."""


@dataclass
class Retaining:
    """Services on a clock that is moved, a script that talks to them, and the bucket."""

    platform: Platform
    script: Script
    clock: MovedBy
    store: S3ObjectStore
    database: Database

    async def shop(self) -> Shop:
        """A registered app of a test's own. It is noon of a Monday: what is taken then is kept for two weeks."""
        now = self.clock.now()
        monday = now.date() + timedelta(days=7 - now.weekday())
        self.clock.to(datetime(monday.year, monday.month, monday.day, 12, tzinfo=UTC))
        shop = Shop(self.script)
        await shop.register()
        return shop

    def repository(self, environment_id: UUID) -> EnvironmentRepository:
        """The environment's repository as another process would open it."""
        key = read_key_file(self.platform.directory / "repository.key")
        return RepositoryV2(self.store, key).of(environment_id)

    async def take(self, environment_id: UUID, document: bytes, backup_id: UUID | None = None) -> Manifest:
        """The bytes of a backup: a dump, a document and a list, and the manifest that names them."""
        return await Backups(self.repository(environment_id)).take(document, backup_id)

    async def backup(self, shop: Shop, environment_id: UUID, document: bytes = b"a document") -> UUID:
        """A completed backup. The same document is the same content."""
        backup_id = await shop.backup(environment_id, completed=False)
        await shop.backup_started(backup_id, environment_id)
        await self.take(environment_id, document, backup_id)
        await shop.backup_completed(backup_id, environment_id)
        await self.heard(backup_id)
        return backup_id

    async def heard(self, *backup_ids: UUID) -> None:
        """Return when the retention service knows that all of these have completed."""

        async def knows() -> bool:
            query = "SELECT count(*) FROM backup WHERE backup_id = ANY ($1::uuid[]) AND state = 'completed'"
            return await self.known(query, backup_ids) == len(backup_ids)

        await eventually(knows, within_seconds=PATIENCE_SECONDS)

    async def expiry(self, backup_id: UUID) -> datetime:
        """As it was told when the backup was accepted."""
        return datetime.fromisoformat((await self.told("BackupRequested", backup_id)).data["expires_at"])

    async def told(self, name: str, entity_id: UUID, *, times: int = 1) -> Seen:
        """The event of this name about something, as soon as it has been told so often. Time stands almost still."""
        seen = await eventually(partial(self._told, name, entity_id, times), within_seconds=PATIENCE_SECONDS)
        assert seen is not None
        return seen

    async def sweeping(self, name: str, entity_id: UUID, *, times: int = 1, every_hours: float = 0.2) -> Seen:
        """The same, while time goes on from sweep to sweep: one that looked too early is followed by the next."""
        seen = await self.while_sweeping(partial(self._told, name, entity_id, times), every_hours=every_hours)
        assert seen is not None
        return seen

    async def while_sweeping(self, look: Callable[[], Awaitable[T]], *, every_hours: float) -> T:
        """What `look` answers as soon as that is true; time goes on from sweep to sweep."""
        for seconds in SWEEPS_SECONDS:
            with suppress(TimeoutError):
                return await eventually(look, within_seconds=seconds)
            self.clock.on(hours=every_hours)
        return await eventually(look, within_seconds=PATIENCE_SECONDS)

    async def _told(self, name: str, entity_id: UUID, times: int) -> Seen | None:
        found = [one for one in self.script.seen if one.name == name and str(entity_id) in one.data.values()]
        return found[times - 1] if len(found) >= times else None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Retention]:
        """The retention service in this process, until the end of the context. Any number may run at once."""
        platform = self.platform
        settings = RetentionServiceSettings(
            kafka=platform.kafka,
            postgres=platform.database("retention"),
            s3=platform.s3,
            repository=RepositorySettings(key_file=platform.directory / "repository.key"),
            clock=ClockSettings(moved_by_file=self.clock.path),
            worker=QUICK_WORKER,
        )
        async with AsyncExitStack() as stack:
            retention = await wire(stack, settings)
            tasks = [asyncio.ensure_future(task) for task in retention.tasks()]
            try:
                yield retention
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    @contextmanager
    def doomed(self, doom: str) -> Iterator[starting.Program]:
        """The retention service as a process that ends or stands still where tests/support/doomed_retention says."""
        environment = self.platform.environment("retention") | {"NIGHTKEEP_TEST_DOOM": doom}
        self.doomed_log.unlink(missing_ok=True)
        process = starting.start("tests.support.doomed_retention", environment, self.doomed_log)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()

    async def has_woken(self) -> bool:
        """Whether the doomed process, which slept, has found that its job is somebody else's."""
        return "lost" in self.doomed_log.read_text(encoding="utf-8")

    @property
    def doomed_log(self) -> Path:
        """What the doomed process says."""
        return self.platform.directory / "doomed.log"

    def names(self, entity_id: UUID) -> list[str]:
        """What was told about it so far, by name."""
        return [one.name for one in self.script.seen if str(entity_id) in one.data.values()]

    async def swept(self) -> None:
        """Return when a sweep that began after this call has ended, and the catalog has answered all that it asked."""
        for _ in range(2):  # the first may have begun before
            before = await self._sweeps()
            self.clock.on(minutes=11)
            await eventually(partial(self._has_swept, before), within_seconds=PATIENCE_SECONDS)
        await eventually(self._is_answered, within_seconds=PATIENCE_SECONDS)

    async def _has_swept(self, before: int) -> bool:
        return await self._sweeps() > before

    async def _sweeps(self) -> int:
        async with loopback_client(timeout=60) as client:
            metrics = (await client.get(f"{self.platform.services['retention'].health_url}/metrics")).text
        found = re.search(r"^nightkeep_retention_sweep_seconds_count (\d+)", metrics, re.MULTILINE)
        return int(found[1]) if found else 0

    async def _is_answered(self) -> bool:
        return not await self.known("SELECT count(*) FROM backup WHERE waits_for = 'answer'")

    async def known(self, query: str, *arguments: object) -> object:
        """One value that the retention service knows."""
        async with self.database.transaction() as c:
            return await c.fetchval(query, *arguments)

    async def objects(self, environment_id: UUID) -> set[str]:
        """The keys of everything in the bucket that holds an environment's content."""
        return {info.key async for info in self.store.list(f"environments/{environment_id}/packs/")}

    async def has(self, environment_id: UUID, content: str) -> bool:
        """Whether a content can be had from the bucket."""
        try:
            return [piece async for piece in self.repository(environment_id).read([content])] != []
        except ContentMissingError:
            return False

    async def list_of(self, environment_id: UUID, backup_id: UUID) -> str:
        """The content that is a backup's own, whatever it shares with others: its list of documents."""
        return (await self.repository(environment_id).read_manifest(backup_id)).files.listing.contents[0]

    async def bytes_of(self, environment_id: UUID, backup_id: UUID) -> list[bytes]:
        """Everything that a restore would read. Raises what the repository raises when something is missing."""
        repository = self.repository(environment_id)
        manifest = await repository.read_manifest(backup_id)
        names = [manifest.database.contents]
        async for lines in read_documents(repository, manifest.files.listing):
            names += [line.contents for line in lines]
        return [b"".join([piece async for piece in repository.read(one)]) for one in names]

    async def is_buried(self, environment_id: UUID, backup_id: UUID) -> bool:
        """Whether a tombstone stands where the manifest was."""
        verdict = await self.repository(environment_id).verdict(backup_id)
        return verdict is not None and isinstance(verdict.decided, Tombstone)

    async def nothing_dangles(self, environment_id: UUID) -> None:
        """Every backup that there is can be read to its last byte."""
        async for verdict in self.repository(environment_id).manifests():
            if verdict.manifest:
                await self.bytes_of(environment_id, verdict.manifest.backup_id)


@asynccontextmanager
async def open_retaining(
    kafka: KafkaSettings, database: FreshDatabase, s3: S3Settings, directory: Path
) -> AsyncIterator[Retaining]:
    """A place with nothing started yet."""
    async with fresh_prefix(s3) as (settings, store), open_platform(kafka, database, settings, directory) as platform:
        clock = MovedBy(directory / "clock")
        clock.to(datetime.now(UTC))
        platform.settings |= QUICK | {"NIGHTKEEP_CLOCK__MOVED_BY_FILE": str(clock.path)}
        opened = await Database.open(database("retention"))
        try:
            async with open_script(kafka) as script:
                yield Retaining(platform, script, clock, store, opened)
        finally:
            await opened.close()
