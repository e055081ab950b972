"""One attempt at one backup, from its begin to its end."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from contracts.errors import FailureCode
from contracts.events.backups import BackupStarted
from contracts.manifest import BackupEntry, EnvironmentEntry, Manifest, Tombstone
from contracts.streams import stream
from services.platform.connectors.files.opening import open_documents
from services.platform.environments import Environment, find
from services.platform.jobs.run import JobRun
from services.platform.process.errors import PermanentError
from services.platform.repository import Verdict
from services.snapshot import previous
from services.snapshot.capture import Capture, Captured
from services.snapshot.domain.endings import completed
from services.snapshot.domain.rereading import is_due, is_over
from services.snapshot.domain.warnings import warnings_of
from services.snapshot.meter import Meter
from services.snapshot.parts import SERVICE, Parts
from services.snapshot.scratch import Scratch
from services.snapshot.source import Source, Throttle
from services.snapshot.stopwatch import Stopwatch


class EnvironmentRemovedError(PermanentError):
    """The environment was removed before its backup ran."""

    def __init__(self) -> None:
        super().__init__("the environment was removed before its backup ran", code=FailureCode.ENVIRONMENT_REMOVED)


class BuriedError(PermanentError):
    """A tombstone stands where the manifest would: the backup had ended, and nobody had told it yet."""

    def __init__(self, tombstone: Tombstone) -> None:
        super().__init__(tombstone.reason, code=tombstone.code or FailureCode.INTERNAL)


def entry_of(run: JobRun) -> BackupEntry:
    """What the catalog has said of the backup; a payload says more, for one kind of job or another."""
    told = {name: value for name, value in run.payload.items() if name in BackupEntry.model_fields}
    return BackupEntry.model_validate(told)


class BackupAttempt:
    """Its steps in order; they do nothing once the backup is decided."""

    def __init__(self, parts: Parts, run: JobRun, entry: BackupEntry, *, read_all: bool = False) -> None:
        self._parts = parts
        self._run = run
        self._entry = entry
        self._read_all = read_all
        self._list_all = False
        self._repository = parts.repository.of(self._entry.environment_id)
        self._stopwatch = Stopwatch()
        self._previous = previous.Previous()
        self._environment: Environment | None = None
        self._captured: Captured | None = None
        self._verdict: Verdict | None = None

    async def begin(self) -> None:
        """See whether it is decided already, say that it has started, and find the backup that it builds upon."""
        self._verdict = await self._repository.verdict(self._entry.backup_id)
        if self._verdict is None:
            await self._repository.begin_backup(self._entry.backup_id)
        async with self._run.transaction() as c:
            started = BackupStarted(
                backup_id=self._entry.backup_id,
                environment_id=self._entry.environment_id,
                started_at=self._parts.clock.now(),
            )
            if not await self._parts.events.last_sequence(c, stream(SERVICE, "backup", self._entry.backup_id)):
                await self._parts.say(c, self._run, "backup", self._entry.backup_id, started)
            self._environment = await find(c, self._entry.environment_id)
            newest = await previous.known(c, self._entry.environment_id)
        self._run.memo.setdefault("started_at", started.started_at.isoformat())
        self._previous = await previous.read(self._repository, newest)
        if newest:
            self._take_nothing_on_trust(newest)

    def _take_nothing_on_trust(self, newest: previous.Newest) -> None:
        """Read everything, or at least list it, if the time has come."""
        entry, now, reads = self._entry, self._parts.clock.now(), self._parts.reads
        if is_due(entry.kind, entry.environment_id, newest.read_all_at, now, reads.read_all_every_days):
            self._read_all = True
        self._list_all = is_over(entry.environment_id, newest.list_all_at, now, reads.list_all_every_days)

    @property
    def is_decided(self) -> bool:
        """Whether a manifest or a tombstone was found, or put."""
        return self._verdict is not None

    async def capture(self) -> None:
        """Take dump and documents of one snapshot."""
        if self._verdict:
            return
        environment = self._known_environment()
        database = self._parts.environment_database(environment, self._run)
        async with (
            open_documents(environment.places.files, self._parts.secrets) as documents,
            self._scratch() as scratch,
        ):
            throttle = Throttle(self._parts.reads.read_bytes_per_second)
            query = environment.places.documents_query
            source = Source(database, documents, query, throttle, read_all=self._read_all, list_all=self._list_all)
            capture = Capture(source, self._repository, scratch, Meter(self._run), self._stopwatch)
            self._captured = await capture.run(self._previous)

    async def decide(self) -> None:
        """Write the manifest; whoever wrote one first has decided, and is adopted."""
        if self._captured and not self._verdict:
            self._verdict = await self._repository.put_manifest(self._manifest(self._captured))

    async def finish(self) -> None:
        """Say that the backup is completed. Raises BuriedError when it is not."""
        verdict = self._verdict
        if verdict is None:
            raise RuntimeError("a backup ends with a manifest or a tombstone")
        if isinstance(verdict.decided, Tombstone):
            raise BuriedError(verdict.decided)
        async with self._run.finish() as c:
            now, captured = self._parts.clock.now(), self._captured is not None
            read_all, list_all = captured and self._read_all, captured and (self._read_all or self._list_all)
            await previous.remember(c, verdict, now, read_all=read_all, list_all=list_all)
            event = completed(verdict.decided, verdict.key, verdict.hash)
            await self._parts.say(c, self._run, "backup", self._entry.backup_id, event)

    def _known_environment(self) -> Environment:
        if self._environment is None:
            raise EnvironmentRemovedError
        return self._environment

    def _manifest(self, captured: Captured) -> Manifest:
        environment, met = self._known_environment(), captured.met
        return Manifest(
            key_id=self._repository.key_id,
            backup=self._entry,
            environment=EnvironmentEntry(
                name=environment.name,
                mode=environment.mode,
                region=environment.region,
                cloud_version=environment.cloud_version,
            ),
            started_at=datetime.fromisoformat(self._run.memo["started_at"]),
            finished_at=self._parts.clock.now(),
            restore_point=captured.restore_point,
            database=captured.database,
            files=captured.files,
            references=captured.references,
            dangling_count=met.dangling.count,
            orphan_count=met.orphans.count,
            warnings=warnings_of(met, captured.database.findings),
            steps=self._stopwatch.times,
            previous_backup_id=self._previous.manifest.backup_id if self._previous.manifest else None,
        )

    @asynccontextmanager
    async def _scratch(self) -> AsyncIterator[Scratch]:
        """New lists for this attempt; what an earlier one left behind is removed."""
        of_this_job = f"backup-{self._entry.backup_id}"
        directory = self._parts.scratch_directory / of_this_job / str(self._run.epoch)
        await asyncio.to_thread(_made_anew, directory)
        try:
            async with Scratch.open(directory) as scratch:
                yield scratch
        finally:
            await asyncio.to_thread(shutil.rmtree, directory.parent, ignore_errors=True)


def _made_anew(directory: Path) -> None:
    shutil.rmtree(directory.parent, ignore_errors=True)
    directory.mkdir(parents=True, mode=0o700)
