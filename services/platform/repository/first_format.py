"""The reading half of the first format: every content an object of its own, not encrypted (contracts/FORMAT.md)."""

import asyncio
from typing import Final
from uuid import UUID

from contracts.manifest import CONTENT_BYTES
from services.platform.objectstore import ObjectNotFoundError, ObjectStore
from services.platform.repository.compression import decompress
from services.platform.repository.errors import ContentCorruptError, ContentMissingError
from services.platform.repository.hashing import keyed_hash
from services.platform.repository.layout import content_key

INLINE_BYTES: Final = 16 * 1024
"""Smaller ones are unpacked in less time than it takes to hand them to a thread."""


def unpack(key: bytes, name: str, stored: bytes) -> bytes:
    """What was stored under `name`. Raises ContentCorruptError unless it is exactly that."""
    try:
        data = decompress(stored, CONTENT_BYTES)
    except ContentCorruptError as error:
        raise ContentCorruptError(f"the content {name} is damaged: {error.reason}") from error
    if keyed_hash(key, data) != name:
        raise ContentCorruptError(f"the content {name} is damaged: its bytes have another keyed hash")
    return data


class FirstFormat:
    """The contents that an environment has from then."""

    def __init__(self, store: ObjectStore, environment_id: UUID, key: bytes) -> None:
        self._store = store
        self._environment_id = environment_id
        self._key = key

    async def content(self, name: str) -> bytes:
        """One content. Raises ContentMissingError, ContentCorruptError."""
        try:
            stored = await self._store.get(content_key(self._environment_id, name))
        except ObjectNotFoundError as error:
            raise ContentMissingError(f"the content {name} is not in the repository") from error
        if len(stored) <= INLINE_BYTES:
            return unpack(self._key, name, stored)
        return await asyncio.to_thread(unpack, self._key, name, stored)
