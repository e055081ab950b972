"""The job `import`: a backup made of a full archive that somebody sent, to be restored later like any other."""

from collections.abc import Sequence

from contracts.events.archives import DataType
from contracts.events.backups import References
from contracts.manifest import DatabasePart, FilesPart
from contracts.values import Finding, Parcel, Severity
from services.platform.archives.incoming import Guard, Limits
from services.platform.connectors.database import DatabaseAccess
from services.platform.connectors.database.loading.archive import Archive
from services.platform.connectors.database.target import RestoreTarget
from services.platform.environments import Environment
from services.platform.jobs.run import JobRun, Step
from services.platform.unpacking import Reception, Unpacked
from services.platform.unpacking.dumps import read_sent, refusing_damage
from services.snapshot.attempt import BackupAttempt, entry_of
from services.snapshot.backup import BackupJob
from services.snapshot.capture import Captured
from services.snapshot.domain.warnings import Met
from services.snapshot.parts import Parts

PARCEL = "parcel"


class ImportJob(BackupJob):
    """As a backup, but for where its content comes from."""

    def steps(self, run: JobRun) -> Sequence[Step]:
        """The steps of one attempt."""
        attempt = ImportAttempt(self._parts, run)
        return (
            Step("begin the import", attempt.begin),
            Step("check the sum of the file", attempt.check_sum),
            Step("take the file apart", attempt.capture),
            Step("write the imported backup's manifest", attempt.decide),
            Step("say that the import is completed", attempt.finish),
        )


class ImportAttempt(BackupAttempt):
    """One attempt at one import; nothing of it is a backup before the manifest is."""

    def __init__(self, parts: Parts, run: JobRun) -> None:
        entry = entry_of(run)
        super().__init__(parts, run, entry)
        self._parcel = Parcel.model_validate(run.payload[PARCEL])
        self._reception = Reception(parts.parcels, entry.environment_id, self._parcel, run.progress)

    async def check_sum(self) -> None:
        """Raises DamagedArchiveError when it is not what was announced, and what reading a parcel raises."""
        if self._verdict is None:
            await self._reception.check_sum()

    async def capture(self) -> None:
        """Read all of it into the repository, and see that its dump can be loaded here. Raises ArchiveRefusedError."""
        if self._verdict:
            return
        environment = self._known_environment()
        whole, scratch = DataType.FILES_AND_DATABASE, self._parts.scratch_directory
        unpacked = await self._reception.unpack(self._repository, whole, scratch, Limits())
        archive, findings = await self._archive(environment, unpacked)
        self._captured = Captured(
            restore_point=self._entry.created_at,
            database=_database(unpacked, archive, findings),
            files=_files(unpacked, environment),
            references=References.UNPROVEN,
            met=Met(),
        )

    async def _archive(self, environment: Environment, unpacked: Unpacked) -> tuple[Archive, tuple[Finding, ...]]:
        """What the dump says of itself, and what its environment would refuse of it, once it was read to its end.

        Raises OlderServerError for one of a newer server than the environment's, UnsupportedContentError for one that
        pg_dump has not written, DamagedArchiveError for a part of one, HostileArchiveError for a bomb.
        """
        assert unpacked.dump is not None  # noqa: S101 -- a full archive has one
        contents = unpacked.dump.contents
        target = RestoreTarget(
            DatabaseAccess.of(environment.places.database, self._parts.secrets),
            self._parts.tools,
            self._entry.backup_id,
            self._run.epoch,
            scratch=self._parts.scratch_directory,
            children=self._run.children,
        )
        with refusing_damage():
            archive = await target.read_archive(lambda: self._repository.read(contents), foreign=True)
        guard = Guard(Limits(), self._parcel.size_bytes)
        await read_sent(target, self._repository.read(contents), guard, self._read)
        refused = await target.refusals(archive)
        return archive, tuple(each.model_copy(update={"severity": Severity.WARNING}) for each in refused)

    async def _read(self, bytes_done: int) -> None:
        await self._run.progress(bytes_done=bytes_done)


def _database(unpacked: Unpacked, archive: Archive, findings: tuple[Finding, ...]) -> DatabasePart:
    assert unpacked.dump is not None  # noqa: S101 -- a full archive has one
    return DatabasePart(
        **dict(unpacked.dump),
        stored_bytes=unpacked.dump_stored_bytes,
        chain=unpacked.chain,
        server_version=str(archive.contents.server_major),
        tables=archive.contents.table_count,
        snapshot_held_seconds=0.0,
        findings=findings,
    )


def _files(unpacked: Unpacked, environment: Environment) -> FilesPart:
    return FilesPart(
        kind=environment.places.files.kind,
        count=unpacked.listing.count,
        bytes=unpacked.documents_bytes,
        new_count=unpacked.listing.count,
        new_bytes=unpacked.documents_bytes,
        stored_bytes=unpacked.files_stored_bytes,
        listing=unpacked.listing,
        dangling=None,
    )
