"""A backup of documents without a database, or a restore of one, in a process of its own: what the services do of it.

Reads a job as JSON from its standard input and writes what it took to its standard output. The seconds begin when all
modules are loaded and the store is open: the services run already when a night begins.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Literal
from uuid import UUID, uuid4

from pydantic import BaseModel, SecretStr

from contracts.manifest import Lines
from contracts.values import FilesPlace
from services.platform.connectors.files.opening import open_documents
from services.platform.objectstore import DirectoryObjectStore, ObjectStore
from services.platform.objectstore.s3 import S3ObjectStore
from services.platform.process.settings import S3Settings
from services.platform.repository import EnvironmentRepository, RepositoryV2, read_document_texts
from services.restore.documents import RestoreDocuments
from services.snapshot.domain.warnings import Met
from services.snapshot.listing import Listing
from services.snapshot.meter import Meter
from services.snapshot.scratch import Scratch
from services.snapshot.source import Source
from tests.suites.repository import KEY
from tests.support.capturing import QuietRun, reading_of
from tests.support.manifests import manifest

Work = Literal["look", "back up", "restore"]


class Job(BaseModel):
    """What is to be done. The store is a directory, or settings of a bucket with its secret beside them."""

    work: Work
    environment_id: UUID
    directory: Path
    s3: S3Settings | None = None
    documents: FilesPlace
    secret: str = ""
    listing: Lines | None = None


class Done(BaseModel):
    """What it took, and the list of the documents."""

    seconds: float
    busy_seconds: float
    listing: Lines | None = None


class OneSecret:
    """Whoever asks for a secret gets this one."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def resolve(self, _reference: str) -> SecretStr:
        """See Secrets."""
        return SecretStr(self._secret)


@asynccontextmanager
async def opened_store(job: Job) -> AsyncIterator[ObjectStore]:
    """Where contents go."""
    if job.s3 is None:
        yield DirectoryObjectStore(job.directory)
        return
    secret = SecretStr(job.secret.partition(":")[2])
    async with S3ObjectStore.open(job.s3.model_copy(update={"secret_access_key": secret})) as store:
        yield store


async def back_up(job: Job, repository: EnvironmentRepository) -> Lines:
    """List what changed, read what is new, store it, the list and the manifest."""
    plain = manifest(uuid4(), repository.environment_id, repository.key_id)
    async with AsyncExitStack() as stack:
        documents = await stack.enter_async_context(open_documents(job.documents, OneSecret(job.secret)))
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        scratch = await stack.enter_async_context(Scratch.open(directory))
        reading = reading_of(documents, repository, scratch)
        meter = Meter(QuietRun())  # type: ignore[arg-type]  # -- as much of a JobRun as a meter needs
        listing = Listing(Source(None, documents, None), scratch, meter, Met())  # type: ignore[arg-type]  # -- no database
        await repository.begin_backup(plain.backup_id)
        if job.listing:
            async for lines in read_document_texts(repository, job.listing):
                gone = await repository.unusable({name for line, _ in lines for name in line.contents})
                await listing.know([one for one in lines if gone.isdisjoint(one[0].contents)])
        await documents.probe()
        await listing.run()
        await reading.run()
        stored = await repository.store_parts(scratch.lines(proven=False))
        count = (await scratch.numbers()).count
    kept = Lines(contents=stored.contents, hash=stored.hash, bytes=stored.bytes, count=count)
    dump = await repository.store_bytes(b"")
    files = plain.files.model_copy(update={"listing": kept, "dangling": None})
    database = plain.database.model_copy(update={"contents": dump.contents, "hash": dump.hash, "chain": None})
    await repository.put_manifest(plain.model_copy(update={"files": files, "database": database}))
    return kept


async def restore(job: Job, repository: EnvironmentRepository) -> None:
    """Bring all of them back to an empty place."""
    assert job.listing is not None
    async with open_documents(job.documents, OneSecret(job.secret)) as store:
        with tempfile.TemporaryDirectory() as scratch:
            work = RestoreDocuments(store, repository, uuid4(), Path(scratch))
            await work.fix_list(job.listing)
            await work.add_absent()


async def do(job: Job) -> Done:
    """Do it, and look at the clock."""
    async with opened_store(job) as store:
        began, busy, listing = time.monotonic(), _busy(), job.listing
        repository = RepositoryV2(store, KEY).of(job.environment_id)
        if job.work == "back up":
            listing = await back_up(job, repository)
        elif job.work == "restore":
            await restore(job, repository)
    return Done(seconds=time.monotonic() - began, busy_seconds=_busy() - busy, listing=listing)


def _busy() -> float:
    now = os.times()
    return now.user + now.system + now.children_user + now.children_system


if __name__ == "__main__":
    sys.stdout.write(asyncio.run(do(Job.model_validate_json(sys.stdin.buffer.read()))).model_dump_json())
