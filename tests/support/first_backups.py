"""Whole backups of the first format, as the release wrote them that knew no other (contracts/FORMAT.md, at its end)."""

import asyncio
from collections.abc import Mapping
from typing import TypedDict
from uuid import UUID, uuid4

from contracts.manifest import CONTENT_BYTES, DocumentLine, Lines, Manifest, serialize
from services.platform.objectstore import ObjectStore
from services.platform.repository.compression import compress
from services.platform.repository.hashing import keyed_hash, sequence_hash
from services.platform.repository.keys import environment_keys
from services.platform.repository.layout import content_key, manifest_prefix
from tests.support.manifests import manifest


class Stored(TypedDict):
    """A sequence, by the names that lists and manifests have for it."""

    contents: tuple[str, ...]
    hash: str


class FirstBackups:
    """Where an environment's backups of the first format are put; under the master key, without any wrap."""

    def __init__(self, store: ObjectStore, master: bytes, environment_id: UUID) -> None:
        self._store = store
        self._environment_id = environment_id
        self._keys = environment_keys(master, environment_id)

    async def take(self, dump: bytes, documents: Mapping[str, bytes] | None = None) -> Manifest:
        """Put a backup: its contents, and its manifest as JSON."""
        whole = manifest(uuid4(), self._environment_id, self._keys.key_id)
        listing = await self._list(documents or {})
        files = {"count": listing.count, "listing": listing, "dangling": None}
        database = {**await self._sequence(dump), "bytes": len(dump), "chain": None}
        parts = {
            "version": 1,
            "database": whole.database.model_copy(update=database),
            "files": whole.files.model_copy(update=files),
        }
        whole = whole.model_copy(update=parts)
        await self._store.put(f"{manifest_prefix(self._environment_id)}{whole.backup_id}", serialize(whole))
        return whole

    async def _list(self, documents: Mapping[str, bytes]) -> Lines:
        lines = [await self._line(place, data) for place, data in documents.items()]
        lines.sort(key=lambda line: line.id)
        told = b"".join(line.model_dump_json().encode() + b"\n" for line in lines)
        return Lines(**await self._sequence(told), bytes=len(told), count=len(lines))

    async def _line(self, place: str, data: bytes) -> DocumentLine:
        return DocumentLine(
            id=UUID(place[-36:]),
            place=place,
            size=len(data),
            stamp="1",
            settled=True,
            referenced=None,
            **await self._sequence(data),
        )

    async def _sequence(self, data: bytes) -> Stored:
        names = [
            await self._content(data[start : start + CONTENT_BYTES])
            for start in range(0, max(1, len(data)), CONTENT_BYTES)
        ]
        return {"contents": tuple(names), "hash": sequence_hash(self._keys.content, names)}

    async def _content(self, data: bytes) -> str:
        name = keyed_hash(self._keys.content, data)
        await self._store.put(content_key(self._environment_id, name), await asyncio.to_thread(compress, data))
        return name
