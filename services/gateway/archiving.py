"""The job `archive`: a backup kept by a lease, read once, its archive's index made, and a link opened."""

import asyncio
import hashlib
import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from contracts.defaults import ARCHIVE_LEASE_HOURS
from contracts.events.archives import ArchiveCompleted, ArchiveStarted, DataType
from contracts.manifest import Manifest
from contracts.states import ARCHIVE, ArchiveState, move
from services.gateway.adapters.archive_ends import failure_of
from services.gateway.adapters.archive_index import JobShelf, StoredIndex
from services.gateway.adapters.archives import Archives, postgres_time, queries
from services.gateway.adapters.backup_leases import BackupLease, let_go
from services.gateway.adapters.decisions import Decisions
from services.platform.archives.deflate import encoder
from services.platform.archives.estimating import estimate
from services.platform.archives.making import Bench, index_archive
from services.platform.archives.remaking import remade
from services.platform.archives.workshop import Workshop
from services.platform.database import Connection, Database, Record
from services.platform.jobs import JobRun, Step
from services.platform.process.clock import Clock
from services.platform.process.errors import PermanentError
from services.platform.process.retry import for_ever
from services.platform.repository import EnvironmentRepository, Repository

LEASE_AGAIN_SECONDS: Final = ARCHIVE_LEASE_HOURS * 3600 / 2
"""A pass that takes longer than this extends its lease on the way."""

LOOK_SECONDS: Final = 10.0
"""A link is over at its second whatever this says; the log tells of it a moment later."""


@dataclass(frozen=True)
class Press:
    """What archives are made with; `link_seconds` is how long a link works."""

    database: Database
    repository: Repository
    workshop: Workshop
    archives: Archives
    decisions: Decisions
    clock: Clock
    link_seconds: float


class ArchiveJob:
    """See JobKind and PutsBack: an archive that fails lets its backup go."""

    def __init__(self, press: Press) -> None:
        self._press = press

    def steps(self, run: JobRun) -> Sequence[Step]:
        """The steps of one attempt."""
        attempt = _Attempt(self._press, run)
        steps = [
            Step("keep the backup while it is read", attempt.begin),
            Step("estimate the archive's size", attempt.estimate),
            Step("read the backup once and make the archive's index", attempt.index),
        ]
        if run.payload["data_type"] == DataType.DATABASE_ONLY:
            steps.append(Step("make the archive from its index for its hash", attempt.hash))
        return (*steps, Step("open the link", attempt.finish))

    async def put_back(self, run: JobRun, error: PermanentError) -> None:
        """Let the backup go."""
        del error
        await BackupLease.of_job(self._press.decisions, run).release()

    async def failed(self, c: Connection, run: JobRun, error: PermanentError) -> None:
        """Say why there will be no archive; whoever cancelled it has said so already."""
        row = await queries.find_archive(c, archive_id=run.job_id)
        if row["state"] != ArchiveState.FAILED:
            await self._press.archives.ends.fail(c, row, error, run.cause)


class _Attempt:
    """One attempt; what `run.memo` says of the index holds for a later one, as long as the encoder is the same."""

    def __init__(self, press: Press, run: JobRun) -> None:
        self._press = press
        self._run = run
        self._backup_id = UUID(run.payload["backup_id"])
        self._data_type = DataType(run.payload["data_type"])
        self._lease = BackupLease.of_job(press.decisions, run)
        self._leased_at = 0.0
        self._manifest: Manifest | None = None

    async def begin(self) -> None:
        """Say that work has started, keep the backup from going, and read what it is made of."""
        async with self._run.transaction() as c:
            row = await self._wanted(c)
            if row["state"] == ArchiveState.QUEUED:
                move(ARCHIVE, ArchiveState.QUEUED, ArchiveState.RUNNING)
                await self._say_started(c)
        await self._keep()
        manifest_hash: str | None = self._run.payload["manifest_hash"]
        self._manifest = await self._repository.read_manifest(self._backup_id, expected_hash=manifest_hash)
        if self._run.memo.get("encoder") != encoder():
            self._run.memo.clear()

    async def estimate(self) -> None:
        """Tell about how large it will be."""
        if "size_bytes" not in self._run.memo:
            size = await estimate(self._repository, self._known, self._data_type, self._press.workshop)
            await self._tell_estimate(size)

    async def index(self) -> None:
        """The pass."""
        if "size_bytes" in self._run.memo:
            return
        shelf = JobShelf(self._run, self._press.workshop)
        await shelf.clear()
        bench = Bench(self._repository, shelf, self._press.workshop, self._told)
        indexed = await index_archive(bench, self._known, self._data_type)
        await shelf.keep_head(indexed.head)
        self._run.memo |= {"size_bytes": indexed.size_bytes, "sha256": indexed.sha256, "encoder": encoder()}

    async def hash(self) -> None:
        """Make every byte as a download will, which proves the index too."""
        if self._run.memo["sha256"] is not None:
            return
        size_bytes = self._run.memo["size_bytes"]
        index = StoredIndex(self._press.database, self._run.job_id, self._press.workshop)
        whole, done = hashlib.sha256(), 0
        async with aclosing(remade(self._repository, index, self._press.workshop, 0, size_bytes)) as several:
            async for data in several:
                await self._press.workshop.do(whole.update, data)
                done += len(data)
                await self._run.progress(bytes_done=done, bytes_total=size_bytes)
                await self._keep_on()
        self._run.memo["sha256"] = whole.hexdigest()

    async def finish(self) -> None:
        """Keep the backup until the link ends, and open it."""
        link_ends_at = await postgres_time(self._press.database) + timedelta(seconds=self._press.link_seconds)
        await self._lease.keep_until(link_ends_at)
        now, memo = self._press.clock.now(), self._run.memo
        async with self._run.finish() as c:
            row = await self._wanted(c)
            move(ARCHIVE, ArchiveState(row["state"]), ArchiveState.COMPLETED)
            body = ArchiveCompleted(
                archive_id=self._run.job_id,
                backup_id=self._backup_id,
                environment_id=self._run.environment_id,
                finished_at=now,
                file_name=row["file_name"],
                bytes=memo["size_bytes"],
                sha256=memo["sha256"],
                encoder=memo["encoder"],
                link_ends_at=link_ends_at,
            )
            await queries.complete_archive(
                c,
                archive_id=self._run.job_id,
                now=now,
                size_bytes=body.bytes,
                sha256=body.sha256,
                encoder=body.encoder,
                link_ends_at=link_ends_at,
            )
            await self._press.archives.ends.say(c, self._run.job_id, body, self._run.cause, self._run.key)

    async def _wanted(self, c: Connection) -> Record:
        """The archive's row, in a transaction that keeps others from ending it.

        Raises PermanentError where somebody has cancelled it: then it has failed, and nothing completes it.
        """
        row: Record = await queries.find_archive(c, archive_id=self._run.job_id)
        if row["state"] == ArchiveState.FAILED:
            raise failure_of(row)
        return row

    async def _told(self, read_bytes: int) -> None:
        total = self._input_bytes
        await self._run.progress(bytes_done=min(read_bytes, total), bytes_total=total)
        await self._keep_on()

    async def _keep(self) -> None:
        await self._lease.acquire(self._press.database)
        self._leased_at = time.monotonic()

    async def _keep_on(self) -> None:
        if time.monotonic() - self._leased_at > LEASE_AGAIN_SECONDS:
            await self._keep()

    async def _say_started(self, c: Connection) -> None:
        now = self._press.clock.now()
        await queries.start_archive(c, archive_id=self._run.job_id, now=now)
        body = ArchiveStarted(
            archive_id=self._run.job_id,
            backup_id=self._backup_id,
            environment_id=self._run.environment_id,
            started_at=now,
        )
        await self._press.archives.ends.say(c, self._run.job_id, body, self._run.cause, self._run.key)

    async def _tell_estimate(self, size_bytes: int) -> None:
        async with self._run.transaction() as c:
            await queries.estimate_archive(c, archive_id=self._run.job_id, estimated_bytes=size_bytes)

    @property
    def _repository(self) -> EnvironmentRepository:
        return self._press.repository.of(self._run.environment_id)

    @property
    def _known(self) -> Manifest:
        if self._manifest is None:
            raise AssertionError("the first step reads the manifest")
        return self._manifest

    @property
    def _input_bytes(self) -> int:
        manifest = self._known
        database = 0 if self._data_type is DataType.FILES_ONLY else manifest.database.bytes
        return database + (0 if self._data_type is DataType.DATABASE_ONLY else manifest.files.bytes)


async def end_links_for_ever(archives: Archives, database: Database, decisions: Decisions) -> None:
    """End links whose time is over, and let go of what ended links keep, for as long as the process lives."""

    async def look() -> None:
        while True:
            await archives.expire_ended()
            await let_go(database, decisions)
            await asyncio.sleep(LOOK_SECONDS)

    await for_ever("end links", look)
