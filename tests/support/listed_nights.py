"""Nights that list a directory of documents and store what is new, with neither database nor repository."""

import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import structlog
from pydantic import SecretStr

from contracts.manifest import DocumentLine
from services.platform.connectors.database import DatabaseAccess, EnvironmentDatabase, Login, PostgresTools, Reference
from services.platform.connectors.files import DocumentStore
from services.platform.connectors.files.directory import DirectoryDocuments
from services.platform.connectors.files.threads import threads
from services.snapshot.domain.warnings import Met
from services.snapshot.listing import Listing
from services.snapshot.meter import Meter
from services.snapshot.scratch import Numbers, Scratch, Stored
from services.snapshot.source import Source
from tests.support.capturing import QuietRun

NOBODY = Login("nobody", SecretStr(""))
NO_DATABASE = EnvironmentDatabase(DatabaseAccess("localhost", 5432, "none", NOBODY, NOBODY), PostgresTools({}))


@dataclass(frozen=True)
class Night:
    """What a night left, and what it did for it."""

    lines: Sequence[DocumentLine] = ()
    met: Met | None = None
    listed: int = 0
    unchanged: int = 0
    read: int = 0
    numbers: Numbers | None = None

    def contents(self) -> dict[str, str]:
        """What the backup has, by place."""
        return {line.place: line.hash for line in self.lines}


def name_of(data: bytes) -> str:
    """How a content is called."""
    return blake2b(data, digest_size=32).hexdigest()


async def night(
    root: Path,
    before: Night,
    *,
    references: Sequence[Reference] | None = None,
    list_all: bool = False,
    probed: bool = True,
) -> Night:
    """List what is below `root` and store what is new, building upon an earlier night; proven with `references`."""
    async with AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        scratch = await stack.enter_async_context(Scratch.open(directory))
        documents = DirectoryDocuments(root, await stack.enter_async_context(threads()))
        if probed:
            assert await documents.probe()
        source, met = Source(NO_DATABASE, documents, None, list_all=list_all), Met()
        listing = Listing(source, scratch, Meter(QuietRun()), met)  # type: ignore[arg-type]  # -- as much of a JobRun as a meter needs
        await listing.know([(line, line.model_dump_json()) for line in before.lines])
        with structlog.testing.capture_logs() as log:
            await listing.run()
        stored = await _read(root, documents, scratch)
        met.unnoticed, numbers = await scratch.unnoticed(), await scratch.numbers()
        await scratch.add_referenced(references or ())
        met.dangling, met.orphans = await scratch.dangling(), await scratch.orphans()
        met.other_sizes = await scratch.other_sizes()
        text = b"".join([part async for part in scratch.lines(proven=references is not None)])
    lines = [DocumentLine.model_validate_json(line) for line in text.splitlines()]
    return Night(lines, met, log[0]["documents"], log[0]["unchanged_directories"], stored, numbers)


async def _read(root: Path, documents: DocumentStore, scratch: Scratch) -> int:
    stored = []
    async for one in scratch.to_read():
        seen, name = await documents.look(one.place), name_of((root / one.place).read_bytes())
        assert seen is not None
        stored.append(Stored(seen, (name,), name))
    await scratch.add_stored(stored)
    return len(stored)
