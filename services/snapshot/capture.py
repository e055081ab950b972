"""The one step: exported snapshot, reference query, listing and dump belong together (spec: environments).

If it is broken off, all of it runs again; what was stored already makes that cheap.
"""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from prometheus_client import Counter

from contracts.events.backups import References
from contracts.manifest import DatabasePart, FilesPart, Lines, Manifest
from contracts.values import Finding
from services.platform.connectors.database import Snapshot
from services.platform.process.together import together
from services.platform.repository import EnvironmentRepository, StoredDump, StoredSequence, read_document_texts
from services.platform.repository.errors import RepositoryError
from services.snapshot.domain.warnings import Met
from services.snapshot.listing import Listing
from services.snapshot.meter import Meter
from services.snapshot.previous import Previous
from services.snapshot.reading import Reading
from services.snapshot.scratch import Numbers, Scratch
from services.snapshot.source import Source
from services.snapshot.stopwatch import Stopwatch

log = structlog.get_logger()
READ_BACK: Final = Counter(
    "nightkeep_dump_read_back_bytes", "Bytes that backups read from the store of what their dumps are stored against"
)


@dataclass(frozen=True)
class Captured:
    """What one snapshot gave: both parts of a backup, of the same instant."""

    restore_point: datetime
    database: DatabasePart
    files: FilesPart
    references: References
    met: Met


@dataclass(frozen=True)
class _Dumped:
    restore_point: datetime
    part: DatabasePart


class Capture:
    """One attempt at the one step."""

    def __init__(
        self,
        source: Source,
        repository: EnvironmentRepository,
        scratch: Scratch,
        meter: Meter,
        stopwatch: Stopwatch,
    ) -> None:
        self._source = source
        self._repository = repository
        self._scratch = scratch
        self._meter = meter
        self._stopwatch = stopwatch
        self._met = Met()
        self._listing = Listing(source, scratch, meter, self._met)
        self._reading = Reading(source, repository, scratch, meter, self._met)

    async def run(self, previous: Previous) -> Captured:
        """Take both parts at once. `previous` is the backup that this one builds upon."""
        self._met.previous_unreadable = previous.unreadable
        await self._know(previous.manifest)
        await self._source.documents.probe()
        exported = asyncio.Event()
        async with together() as group:
            dumping = group.create_task(self._dump_all(exported, previous.manifest))
            group.create_task(self._store_documents(exported))
        dumped = dumping.result()
        with self._stopwatch.timed("write the list of documents"):
            files = await self._files()
        return Captured(dumped.restore_point, dumped.part, files, self._source.references, self._met)

    async def _know(self, previous: Manifest | None) -> None:
        """Load the previous list; one that cannot be read costs time, not the backup."""
        if previous is None:
            return
        self._meter.expect_dump(previous.database.bytes)
        try:
            with self._stopwatch.timed("read the previous backup's list"):
                async for lines in read_document_texts(self._repository, previous.files.listing):
                    gone = await self._repository.unusable({name for line, _ in lines for name in line.contents})
                    await self._listing.know([one for one in lines if gone.isdisjoint(one[0].contents)])
        except RepositoryError as error:
            self._met.previous_unreadable = error.reason

    async def _dump_all(self, exported: asyncio.Event, previous: Manifest | None) -> _Dumped:
        """What needs the snapshot; it is let go as soon as that is done."""
        async with self._source.database.open_snapshot() as snapshot:
            exported.set()
            self._meter.guess_dump(await snapshot.database_bytes())
            tables, findings = await snapshot.table_count(), await snapshot.unrestorable()
            async with together() as group:
                dumping = group.create_task(self._dump(snapshot, previous.database if previous else None))
                await self._references(snapshot)
        return _Dumped(snapshot.taken_at, _database_part(snapshot, dumping.result(), tables, findings))

    async def _dump(self, snapshot: Snapshot, earlier: DatabasePart | None) -> StoredDump:
        with self._stopwatch.timed("dump the database"):
            async with snapshot.dump() as pieces:
                slowed = self._source.throttle.slowed(pieces)
                dump = await self._repository.store_dump(self._meter.counted(slowed), earlier)
        self._met.earlier_dump_unreadable = dump.earlier_unreadable
        READ_BACK.inc(dump.read_back_bytes)
        log.info(
            "dump stored",
            bytes=dump.sequence.bytes,
            stored_bytes=dump.sequence.stored_bytes + dump.prints_stored_bytes,
            read_back_bytes=dump.read_back_bytes,
        )
        return dump

    async def _references(self, snapshot: Snapshot) -> None:
        if self._source.documents_query is None:
            return
        with self._stopwatch.timed("ask which documents rows refer to"):
            async with aclosing(snapshot.references(self._source.documents_query)) as batches:
                async for references in batches:
                    await self._scratch.add_referenced(references)
                    self._meter.moved()

    async def _store_documents(self, exported: asyncio.Event) -> None:
        await exported.wait()
        with self._stopwatch.timed("list the documents"):
            await self._listing.run()
        self._meter.expect_documents(*await self._scratch.to_read_totals())
        with self._stopwatch.timed("read all documents" if self._source.read_all else "store new documents"):
            await self._reading.run()

    async def _files(self) -> FilesPart:
        dangling = await self._prove() if self._source.documents_query else None
        if not self._source.trusts_directories:  # else nothing was looked at behind an equal state
            self._met.unnoticed = await self._scratch.unnoticed()
        numbers = await self._scratch.numbers()
        proven = self._source.documents_query is not None
        listing = await self._repository.store_parts(self._scratch.lines(proven=proven))
        return _files_part(self._source.documents.kind, numbers, self._reading.stored_bytes, listing, dangling)

    async def _prove(self) -> Lines | None:
        """Compare what rows refer to with what is there; the list of what is missing, if anything is."""
        self._met.dangling = await self._scratch.dangling()
        self._met.orphans = await self._scratch.orphans()
        self._met.other_sizes = await self._scratch.other_sizes()
        if not self._met.dangling.count:
            return None
        return _lines(await self._repository.store_parts(self._scratch.dangling_lines()), self._met.dangling.count)


def _database_part(snapshot: Snapshot, dump: StoredDump, tables: int, findings: tuple[Finding, ...]) -> DatabasePart:
    stored = dump.sequence
    return DatabasePart(
        contents=stored.contents,
        hash=stored.hash,
        bytes=stored.bytes,
        stored_bytes=stored.stored_bytes + dump.prints_stored_bytes,
        chain=dump.chain,
        server_version=snapshot.server_version,
        tables=tables,
        snapshot_held_seconds=round(snapshot.held_seconds, 3),
        findings=findings,
    )


def _files_part(
    kind: str, numbers: Numbers, stored_bytes: int, listing: StoredSequence, dangling: Lines | None
) -> FilesPart:
    return FilesPart.model_validate(
        {
            "kind": kind,
            "count": numbers.count,
            "bytes": numbers.bytes,
            "new_count": numbers.new_count,
            "new_bytes": numbers.new_bytes,
            "stored_bytes": stored_bytes + listing.stored_bytes,
            "listing": _lines(listing, numbers.count),
            "dangling": dangling,
        }
    )


def _lines(stored: StoredSequence, count: int) -> Lines:
    return Lines(contents=stored.contents, hash=stored.hash, bytes=stored.bytes, count=count)
