"""What an archive is made of: the backup's parts in the order in which they are written."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from datetime import datetime

from contracts.events.archives import DataType
from contracts.manifest import DatabasePart, DocumentLine, Manifest
from services.platform.archives import tar
from services.platform.archives.cutting import Whole
from services.platform.archives.dump.head import Head, read_head
from services.platform.archives.errors import DamagedDumpError
from services.platform.archives.index import Kept
from services.platform.archives.kinds import metadata
from services.platform.archives.workshop import Workshop
from services.platform.repository import EnvironmentRepository, read_documents

Batch = Sequence[Kept | Whole]


async def tar_batches(
    repository: EnvironmentRepository, manifest: Manifest, data_type: DataType
) -> AsyncGenerator[Batch, None]:
    """A full or files-only archive: `.metadata`, the dump as it is stored, the documents by id, the end."""
    at = manifest.backup.created_at
    described = metadata(manifest)
    yield [Kept(data=tar.header(tar.METADATA_NAME, len(described), at) + described + tar.padding(len(described)))]
    if data_type is DataType.FILES_AND_DATABASE:
        database = manifest.database
        yield _file(tar.DUMP_NAME, Whole(database.contents, database.bytes), at)
    if manifest.files.count:
        async for documents in read_documents(repository, manifest.files.listing):
            yield [item for document in documents for item in _document(document, at)]
    yield [Kept(data=tar.END)]


def _document(document: DocumentLine, at: datetime) -> Batch:
    return _file(tar.document_name(document.id), Whole(document.contents, document.size), at)


def _file(name: str, whole: Whole, at: datetime) -> Batch:
    return [
        Kept(data=tar.header(name, whole.size_bytes, at)),
        whole,
        Kept(data=tar.padding(whole.size_bytes)),
    ]


async def dump_batches(database: DatabasePart, head: Head) -> AsyncIterator[Batch]:
    """The data of a dump, behind its head."""
    yield [Whole(database.contents, database.bytes - head.size_bytes, head.size_bytes)]


async def dump_head(repository: EnvironmentRepository, database: DatabasePart, workshop: Workshop) -> Head:
    """The head of a stored dump. Raises the DumpError tree, and what reading it raises."""
    data = b""
    asked = 0
    async with aclosing(repository.read(database.contents)) as contents:
        async for content in contents:
            data += content
            if len(data) >= asked:
                head = await workshop.do(read_head, data, whole=len(data) == database.bytes)
                if head is not None:
                    return head
                asked = 2 * len(data)
    raise DamagedDumpError("the dump is damaged: it has another size than its backup says")
