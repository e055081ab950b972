"""Documents as a backup lists them, stored in a repository."""

from collections.abc import Mapping
from uuid import UUID

from contracts.manifest import DocumentLine, Lines
from services.platform.repository import EnvironmentRepository

Tree = Mapping[str, bytes]
"""By their places."""


async def list_documents(repository: EnvironmentRepository, documents: Tree) -> Lines:
    """Store documents and their list."""
    lines = []
    for place, data in sorted(documents.items()):
        stored = await repository.store_bytes(data)
        line = DocumentLine(
            id=UUID(place[-36:]),
            place=place,
            size=len(data),
            stamp="",
            settled=False,
            referenced=None,
            contents=stored.contents,
            hash=stored.hash,
        )
        lines.append(line.model_dump_json() + "\n")
    stored = await repository.store_bytes("".join(lines).encode())
    return Lines(contents=stored.contents, hash=stored.hash, bytes=stored.bytes, count=len(lines))
