"""The restore service without Kafka: its reactions called, its jobs run by real workers on real databases."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

from contracts.envelope import Body, Event, Kind, Message, event_envelope
from contracts.events.apps import EnvironmentRegistered
from contracts.events.archives import DataType
from contracts.events.backups import BackupKind
from contracts.events.restores import (
    PreflightRequested,
    RestoreCancelRequested,
    RestoreGraceEnded,
    RestoreRequested,
    RestoreUndoRequested,
)
from contracts.events.uploads import UploadCancelRequested, UploadRequested
from contracts.manifest import Manifest
from contracts.registry import BODIES
from contracts.values import (
    CloudVersion,
    DatabasePlace,
    DirectoryFiles,
    Hook,
    Mode,
    Parcel,
    Provisioner,
    Region,
    Warning,  # noqa: A004 -- the product's word
)
from services.platform.connectors.database import EnvironmentDatabase, PostgresTools
from services.platform.connectors.database.space import FreeSpace, local_free_bytes
from services.platform.database import Database, migrate
from services.platform.environments import Environments
from services.platform.eventstore.store import EventStore
from services.platform.jobs import JobKind, JobQueue, Worker
from services.platform.objectstore import DirectoryObjectStore
from services.platform.parcels import Parcels
from services.platform.process.clock import SystemClock
from services.platform.process.secrets import SecretDirectory
from services.platform.process.settings import PostgresSettings, WebhookSettings, WorkerSettings
from services.platform.repository import RepositoryV2
from services.platform.repository.wraps import Wraps
from services.platform.webhooks import Receivers, SigningSecrets
from services.restore.adapters.hooks import Hooks
from services.restore.handlers import HOOK, PREFLIGHT, REMOVE, RESTORE, UNDO, UPLOAD, Handlers
from services.restore.work.asking import HookJob
from services.restore.work.preflighting import PreflightJob
from services.restore.work.removing import RemovalJob
from services.restore.work.restoring import RestoreJob
from services.restore.work.undoing import UndoJob
from services.restore.work.uploading import UploadJob
from services.restore.workplace import SERVICE, Workplace
from tests.support.app_databases import AppDatabase
from tests.support.events import NOON, cause
from tests.support.eventually import eventually
from tests.support.listed_documents import Tree, list_documents
from tests.support.manifests import manifest

KEY: Final = bytes(range(32))
PART_BYTES: Final = 20_000
"""Of what is sent: small, so that there are several."""
QUICK: Final = WorkerSettings(
    capacity=4,
    lease_seconds=10.0,
    heartbeat_seconds=0.2,
    tries=3,
    backoff_first_seconds=0.05,
    backoff_last_seconds=0.1,
)
"""As in production, on another scale."""


@cache
def _receivers() -> Receivers:
    """One does for all tests: each reads the certificate authorities, which takes 30 ms."""
    return Receivers(WebhookSettings())


@dataclass
class Place:
    """An environment: its database, and a directory with its documents."""

    app: AppDatabase
    root: Path
    environment_id: UUID = field(default_factory=uuid4)
    described: EnvironmentRegistered | None = None

    def put(self, documents: Tree) -> None:
        """Write documents by their places."""
        for place, data in documents.items():
            path = self.root / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    def documents(self) -> dict[str, bytes]:
        """What is live."""
        paths = [path for path in self.root.rglob("*") if path.is_file()]
        return {
            name: path.read_bytes()
            for path in paths
            if not (name := str(path.relative_to(self.root))).startswith(".nightkeep")
        }

    def databases(self) -> list[str]:
        """Its databases on the server, those of restores too."""
        owned = f"SELECT datname FROM pg_database WHERE pg_get_userbyid(datdba) = '{self.app.role}' ORDER BY 1"  # noqa: S608 -- ours
        return self.app.run(owned, superuser=True, database="postgres").splitlines()


@dataclass
class StoredBackup:
    """A backup in the repository."""

    environment_id: UUID
    manifest: Manifest
    manifest_key: str
    manifest_hash: str


@dataclass
class RestoreStage:
    """The restore service's schema, secrets, repository and jobs; `said` reads what it has said."""

    directory: Path
    database: Database
    queue: JobQueue
    workplace: Workplace
    handlers: Handlers

    @classmethod
    @asynccontextmanager
    async def open(
        cls, settings: PostgresSettings, directory: Path, free_space: FreeSpace = local_free_bytes
    ) -> AsyncIterator["RestoreStage"]:
        """Everything but Kafka."""
        for name in ("secrets", "scratch", "repository"):
            (directory / name).mkdir()
        database = await Database.open(settings, schema=SERVICE)
        try:
            await migrate(database, "services.platform.eventstore", SERVICE)
            await migrate(database, "services.restore", SERVICE)
            environments = await Environments.open(database)
            queue = await JobQueue.open(database)
            store = DirectoryObjectStore(directory / "repository")
            secrets = SecretDirectory(directory / "secrets")
            workplace = Workplace(
                database=database,
                events=EventStore(SERVICE),
                repository=RepositoryV2(store, KEY),
                parcels=Parcels(store, Wraps(store, KEY), uuid4),
                secrets=secrets,
                hooks=Hooks(_receivers(), SigningSecrets(secrets), SystemClock()),
                tools=PostgresTools({}),
                scratch=directory / "scratch",
                clock=SystemClock(),
                free_space=free_space,
            )
            yield cls(directory, database, queue, workplace, Handlers(queue, environments))
        finally:
            await database.close()

    def secret(self, name: str, value: str) -> str:
        """Store a secret; its reference."""
        path = self.directory / "secrets" / name
        path.touch(mode=0o600)
        path.write_text(value)
        return f"secret:{name}"

    async def register(self, app: AppDatabase, hook: Hook | None = None, **changes: Any) -> Place:  # noqa: ANN401 -- fields of a DatabasePlace
        """Make an environment known; the server's superuser is its provisioner unless told otherwise."""
        place = Place(app, self.directory / f"documents-{app.name}")
        place.root.mkdir(exist_ok=True)
        server = app.server
        provisioner = self.secret(f"{app.name}-provisioner", server.password.get_secret_value())
        fields: dict[str, Any] = {
            "host": server.host,
            "port": server.port,
            "name": app.name,
            "user": app.role,
            "password": self.secret(app.name, app.password),
            "sslmode": server.sslmode,
            "ca_file": str(server.ca_file) if server.ca_file else None,
            "provisioner": Provisioner(user=server.user, password=provisioner),
        }
        registered = EnvironmentRegistered(
            app_id=uuid4(),
            environment_id=place.environment_id,
            name=app.name,
            mode=Mode.ACCEPTANCE,
            region=Region.EUROPE,
            cloud_version=CloudVersion.V4,
            database=DatabasePlace(**fields | changes),
            files=DirectoryFiles(path=str(place.root)),
            documents_query=None,
            schedule=None,
            hook=hook,
            check_id=uuid4(),
        )
        await self.react(registered)
        place.described = registered
        return place

    async def react(self, body: Event, actor: str = "user:ada") -> UUID:
        """What the service does when the log tells this; the event's id."""
        envelope = event_envelope(
            event_id=uuid4(),
            service="catalog",
            stream=f"catalog/x/{uuid4()}",
            sequence=1,
            key="app",
            time=NOON,
            cause=cause(actor),
        )
        reaction = self.handlers.reactions()[type(body)]
        async with self.database.transaction() as c:
            await reaction(c, Message(envelope, body))
        return envelope.id

    async def back_up(
        self, place: Place, kind: BackupKind = BackupKind.ON_DEMAND, sent: bytes | None = None
    ) -> StoredBackup:
        """The environment as it is now, in the repository; its database as the dump `sent` where there is one."""
        repository = self.workplace.repository.of(place.environment_id)
        source = EnvironmentDatabase(place.app.access(), self.workplace.tools)
        async with source.open_snapshot() as snapshot, snapshot.dump() as pieces:
            dump = await (repository.store(pieces) if sent is None else repository.store_bytes(sent))
            tables, version = await snapshot.table_count(), snapshot.server_version
        listing = await list_documents(repository, place.documents())
        plain = manifest(uuid4(), place.environment_id, repository.key_id)
        entry = plain.backup.model_copy(update={"kind": kind})
        database = plain.database.model_copy(
            update={
                "contents": dump.contents,
                "hash": dump.hash,
                "bytes": dump.bytes,
                "tables": tables,
                "server_version": version,
            }
        )
        files = plain.files.model_copy(update={"listing": listing, "count": listing.count, "dangling": None})
        verdict = await repository.put_manifest(
            plain.model_copy(update={"database": database, "files": files, "backup": entry})
        )
        assert verdict.manifest is not None
        return StoredBackup(place.environment_id, verdict.manifest, verdict.key, verdict.hash)

    async def ask(
        self, backup: StoredBackup, place: Place, *, database_only: bool = False, warnings: tuple[Warning, ...] = ()
    ) -> UUID:
        """A restore that was accepted; its id."""
        restore_id = uuid4()
        await self.react(
            RestoreRequested(
                **_what(backup, place),
                restore_id=restore_id,
                database_only=database_only,
                requested_at=NOON,
                requested_by="Ada",
                model_version=None,
                warnings=warnings,
            )
        )
        return restore_id

    async def ask_preflight(self, backup: StoredBackup, place: Place, **changes: Any) -> UUID:  # noqa: ANN401 -- fields of a PreflightRequested
        """A preflight that was accepted; its id."""
        preflight_id = uuid4()
        fields = {"preflight_id": preflight_id, "database_only": False, "warnings": ()} | changes
        await self.react(PreflightRequested(**_what(backup, place), **fields))
        return preflight_id

    async def ask_undo(self, restore_id: UUID, place: Place) -> UUID:
        """An undo that was accepted; the id of its job."""
        ids = {"restore_id": restore_id, "environment_id": place.environment_id}
        return await self.react(RestoreUndoRequested(**ids, requested_by="Ada"))

    async def ask_cancel(self, restore_id: UUID, place: Place) -> None:
        """Somebody wants it stopped."""
        await self.react(RestoreCancelRequested(restore_id=restore_id, environment_id=place.environment_id))

    async def send(self, place: Place, data: bytes) -> Parcel:
        """A file that somebody has sent, all of it."""
        digest = hashlib.sha256(data).hexdigest()
        parcel = Parcel(parcel_id=uuid4(), size_bytes=len(data), part_bytes=PART_BYTES, sha256=digest)
        for number, begin in enumerate(range(0, len(data), PART_BYTES)):
            part = data[begin : begin + PART_BYTES]
            await self.workplace.parcels.put(place.environment_id, parcel.parcel_id, number, part)
        return parcel

    async def ask_upload(
        self,
        place: Place,
        data: bytes,
        data_type: DataType = DataType.FILES_AND_DATABASE,
        **changes: Any,  # noqa: ANN401 -- fields of an UploadRequested
    ) -> UUID:
        """An upload that was accepted, without a safety backup unless told otherwise; its id."""
        fields = {
            "upload_id": uuid4(),
            "app_id": uuid4(),
            "environment_id": place.environment_id,
            "parcel": await self.send(place, data),
            "data_type": data_type,
            "requested_at": NOON,
            "requested_by": "Ada",
            "safety_backup_id": None,
            "app_services": (),
        } | changes
        await self.react(UploadRequested(**fields))
        return UUID(str(fields["upload_id"]))

    async def ask_upload_cancel(self, upload_id: UUID, place: Place) -> None:
        """Somebody wants it stopped."""
        await self.react(UploadCancelRequested(upload_id=upload_id, environment_id=place.environment_id))

    async def end_grace(self, restore_id: UUID, place: Place) -> UUID:
        """Its grace is over; the id of the removal's job."""
        ids = {"restore_id": restore_id, "environment_id": place.environment_id}
        return await self.react(RestoreGraceEnded(**ids, reason="its time was over"))

    def kinds(self) -> dict[str, JobKind]:
        """What the service's worker does."""
        return {
            RESTORE: RestoreJob(self.workplace),
            UNDO: UndoJob(self.workplace),
            REMOVE: RemovalJob(self.workplace),
            PREFLIGHT: PreflightJob(self.workplace),
            UPLOAD: UploadJob(self.workplace),
            HOOK: HookJob(self.workplace),
        }

    @asynccontextmanager
    async def working(
        self, kinds: Mapping[str, JobKind] | None = None, settings: WorkerSettings = QUICK
    ) -> AsyncIterator[None]:
        """A worker until the end of the context."""
        task = asyncio.create_task(Worker(self.queue, kinds or self.kinds(), settings).run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def ended(self, job_id: UUID, *, within_seconds: float = 120.0) -> None:
        """Return when a job has ended."""

        async def has_ended() -> bool:
            return (await self._job(job_id))["state"] in ("completed", "failed")

        try:
            await eventually(has_ended, within_seconds=within_seconds)
        except TimeoutError as error:
            raise AssertionError(f"this job has not ended in time: {await self._job(job_id)}") from error

    async def _job(self, job_id: UUID) -> dict[str, Any]:
        async with self.database.transaction() as c:
            return dict(await c.fetchrow("SELECT * FROM job WHERE job_id = $1", job_id) or {})

    async def said(self, entity_id: UUID) -> list[Any]:
        """The events about a restore, an upload or a preflight, in order."""
        async with self.database.transaction() as c:
            rows = await c.fetch(
                "SELECT headers, body FROM event WHERE stream LIKE $1 ORDER BY position", f"restore/%/{entity_id}"
            )
        return [decoded(row["headers"]["ce_type"], row["body"]) for row in rows]

    async def run(self, job_id: UUID) -> None:
        """Let a worker do this job to its end."""
        async with self.working():
            await self.ended(job_id)


def decoded(wire_type: str, body: str) -> Body:
    """An event as it was said."""
    return BODIES[Kind.EVENT, wire_type.split(".")[2]].model_validate_json(body)


def _what(backup: StoredBackup, place: Place) -> dict[str, Any]:
    return {
        "backup_id": backup.manifest.backup_id,
        "app_id": uuid4(),
        "environment_id": place.environment_id,
        "source_environment_id": backup.environment_id,
        "manifest_key": backup.manifest_key,
        "manifest_hash": backup.manifest_hash,
    }


def place_of(number: int) -> str:
    """The usual place of a document."""
    name = str(UUID(int=number << 64))
    return f"{name[:2]}/{name[2:4]}/{name}"
