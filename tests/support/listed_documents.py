"""Documents as a backup lists them, stored in a repository."""

from collections.abc import Mapping
from uuid import UUID

from contracts.manifest import DocumentLine, Lines
from services.platform.repository import EnvironmentRepository

Tree = Mapping[str, bytes]
"""By their places."""


async def document_line(
    repository: EnvironmentRepository, place: str, data: bytes, *, referenced: bool | None = None
) -> DocumentLine:
    """Store a document; how a list names it."""
    stored = await repository.store_bytes(data)
    return DocumentLine(
        id=UUID(place[-36:]),
        place=place,
        size=len(data),
        stamp="",
        settled=False,
        referenced=referenced,
        contents=stored.contents,
        hash=stored.hash,
    )


async def list_documents(repository: EnvironmentRepository, documents: Tree) -> Lines:
    """Store documents and their list."""
    lines = []
    for place, data in sorted(documents.items()):
        line = await document_line(repository, place, data)
        lines.append(line.model_dump_json() + "\n")
    stored = await repository.store_bytes("".join(lines).encode())
    return Lines(contents=stored.contents, hash=stored.hash, bytes=stored.bytes, count=len(lines))
