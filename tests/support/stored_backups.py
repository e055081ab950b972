"""Backups in a store, made without an environment: whatever documents, at whatever places, a hostile one's too."""

from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from uuid import UUID, uuid4

from contracts.manifest import DocumentLine, Manifest
from services.platform.repository import EnvironmentRepository
from tests.support.manifests import manifest


async def one_piece(data: bytes) -> AsyncIterator[bytes]:
    yield data


def place_of(document_id: UUID) -> str:
    """Where apps put a document."""
    name = str(document_id)
    return f"{name[:2]}/{name[2:4]}/{name}"


async def store_backup(
    repository: EnvironmentRepository,
    documents: Mapping[str, bytes],
    dump: bytes = b"PGDMP",
    backup_id: UUID | None = None,
) -> Manifest:
    """Store a dump and documents by place, and put the manifest."""
    template = manifest(backup_id or uuid4(), repository.environment_id, repository.key_id)
    await repository.begin_backup(template.backup_id)
    stored = (await repository.store_dump(one_piece(dump), None)).sequence
    lines = [await _line(repository, place, data) for place, data in documents.items()]
    lines.sort(key=lambda line: line.id)
    listing = await repository.store_bytes(b"".join(line.model_dump_json().encode() + b"\n" for line in lines))
    database = {"contents": stored.contents, "hash": stored.hash, "bytes": stored.bytes, "chain": None}
    names = {"contents": listing.contents, "hash": listing.hash, "bytes": listing.bytes, "count": len(lines)}
    files = {
        "count": len(lines),
        "bytes": sum(map(len, documents.values())),
        "listing": template.files.listing.model_copy(update=names),
        "dangling": None,
    }
    whole = template.model_copy(
        update={
            "database": template.database.model_copy(update=database),
            "files": template.files.model_copy(update=files),
        }
    )
    assert (await repository.put_manifest(whole)).manifest
    return whole


async def _line(repository: EnvironmentRepository, place: str, data: bytes) -> DocumentLine:
    document_id = uuid4()
    with suppress(ValueError):
        document_id = UUID(place.rpartition("/")[2])
    stored = await repository.store(one_piece(data))
    return DocumentLine(
        id=document_id,
        place=place,
        size=len(data),
        stamp="1",
        settled=True,
        referenced=None,
        contents=stored.contents,
        hash=stored.hash,
    )
