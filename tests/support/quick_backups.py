"""The jobs of the snapshot service without the bytes: a backup is a small manifest, a check always has an answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from contracts.errors import FailureCode
from contracts.events.apps import EnvironmentChecked
from contracts.events.backups import BackupKind, BackupStarted
from contracts.manifest import BackupEntry, Lines, Manifest
from services.platform.jobs.attempt import JobKind
from services.platform.jobs.run import JobRun, Step
from services.platform.process.errors import PermanentError
from services.platform.repository import EnvironmentRepository, StoredSequence
from services.snapshot.attempt import entry_of
from services.snapshot.backup import BackupJob
from services.snapshot.check import CheckJob
from services.snapshot.domain.endings import completed
from services.snapshot.handlers import BACKUP, CHECK
from services.snapshot.parts import Parts
from tests.support.manifests import manifest

Fails = Callable[[BackupEntry], bool]


@dataclass
class QuickBackups:
    """How they go: `fails` says which backups fail, `fails_checks` whether checks find something in the way."""

    fails: Fails = lambda _: False
    fails_checks: bool = False
    empty_lists: dict[UUID, Lines] = field(default_factory=dict)

    def kinds(self, parts: Parts) -> Mapping[str, JobKind]:
        """For the bootstrap of the snapshot service."""
        return {BACKUP: _QuickBackup(parts, self), CHECK: _QuickCheck(parts, self)}

    def fail_nights(self, *nights: tuple[UUID, object]) -> None:
        """Every try of these environments' slots fails, by slot date."""
        self.fails = lambda entry: (
            entry.kind is BackupKind.NIGHTLY and (entry.environment_id, entry.slot_date) in nights
        )


class _QuickBackup(BackupJob):
    """Tells failures as the real one does: with a tombstone."""

    def __init__(self, parts: Parts, quick: QuickBackups) -> None:
        super().__init__(parts)
        self._quick = quick

    def steps(self, run: JobRun) -> Sequence[Step]:
        """See JobKind."""
        return (Step("begin the backup", lambda: self._begin(run)), Step("end it", lambda: self._finish(run)))

    async def _begin(self, run: JobRun) -> None:
        entry = entry_of(run)
        now = self._parts.clock.now()
        started = BackupStarted(backup_id=entry.backup_id, environment_id=entry.environment_id, started_at=now)
        async with run.transaction() as c:
            await self._parts.say(c, run, "backup", entry.backup_id, started)
        if self._quick.fails(entry):
            raise PermanentError("it was to fail", code=FailureCode.DUMP_FAILED)

    async def _finish(self, run: JobRun) -> None:
        repository = self._parts.repository.of(run.environment_id)
        dump = await repository.store_bytes(b"what is in " + run.job_id.bytes)
        described = _manifest(run, self._parts.clock.now(), repository.key_id, dump, await self._no_lines(repository))
        verdict = await repository.put_manifest(described)
        assert isinstance(verdict.decided, Manifest)
        async with run.finish() as c:
            event = completed(verdict.decided, verdict.key, verdict.hash)
            await self._parts.say(c, run, "backup", event.backup_id, event)

    async def _no_lines(self, repository: EnvironmentRepository) -> Lines:
        """The list of no documents, which all backups of an environment share."""
        if repository.environment_id not in self._quick.empty_lists:
            stored = await repository.store_bytes(b"")
            found = Lines(contents=stored.contents, hash=stored.hash, bytes=0, count=0)
            self._quick.empty_lists[repository.environment_id] = found
        return self._quick.empty_lists[repository.environment_id]


def _manifest(run: JobRun, now: datetime, key_id: str, dump: StoredSequence, no_lines: Lines) -> Manifest:
    entry = entry_of(run)
    some = manifest(entry.backup_id, entry.environment_id, key_id)
    sizes = {"contents": dump.contents, "hash": dump.hash, "bytes": dump.bytes, "stored_bytes": dump.stored_bytes}
    changes = {
        "backup": entry,
        "started_at": now,
        "finished_at": now,
        "restore_point": now,
        "database": some.database.model_copy(update=sizes),
        "files": some.files.model_copy(update={"listing": no_lines, "dangling": no_lines, "stored_bytes": 0}),
        "previous_backup_id": None,
    }
    return some.model_copy(update=changes)


class _QuickCheck(CheckJob):
    def __init__(self, parts: Parts, quick: QuickBackups) -> None:
        super().__init__(parts)
        self._quick = quick

    def steps(self, run: JobRun) -> Sequence[Step]:
        """See JobKind."""
        return (Step("say what was found", lambda: self._finish(run)),)

    async def _finish(self, run: JobRun) -> None:
        event = EnvironmentChecked(
            environment_id=run.environment_id,
            check_id=UUID(run.payload["check_id"]),
            checked_at=self._parts.clock.now(),
            passed=not self._quick.fails_checks,
            server_version="18.6",
            findings=(),
        )
        async with run.finish() as c:
            await self._parts.say(c, run, "environment", run.environment_id, event)
