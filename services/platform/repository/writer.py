"""Stores bytes as contents of the second format: cut, name, compress, pack what is not there yet."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from services.platform.repository.cutting import cut
from services.platform.repository.forms import encoded
from services.platform.repository.keyring import KeyRing
from services.platform.repository.names import WholeHasher, digest_of, name_from, name_of
from services.platform.repository.packer import Packer
from services.platform.repository.packs import Packed
from services.platform.repository.port import StoredSequence
from services.platform.repository.small import Present

INLINE_BYTES: Final = 64 * 1024
"""Smaller ones are named and compressed in less time than it takes to hand them to a thread."""


@dataclass(frozen=True, slots=True)
class StoredContent:
    """One content: its name, the size of its input, what it added to the store."""

    name: str
    bytes: int
    stored_bytes: int


class Writer:
    """Stores for one environment."""

    def __init__(self, ring: KeyRing, packer: Packer) -> None:
        self._ring = ring
        self._packer = packer

    async def store(self, pieces: AsyncIterator[bytes]) -> StoredSequence:
        """See EnvironmentRepository."""
        async with aclosing(cut(pieces)) as contents:
            return await self.store_parts(contents)

    async def store_parts(self, contents: AsyncIterator[bytes]) -> StoredSequence:
        """See EnvironmentRepository."""
        first = await anext(contents, b"")
        stored = [await self.store_content(first)]
        whole: WholeHasher | None = None  # a single content is named by the hash of the whole already
        async for content in contents:
            if whole is None:
                whole = WholeHasher(self._ring.name_key)
                await asyncio.to_thread(whole.update, first)
                del first
            stored.append(await self.store_content(content))
            await asyncio.to_thread(whole.update, content)
        return sequence(stored, whole.hexdigest() if whole else stored[0].name)

    async def store_content(self, data: bytes) -> StoredContent:
        """One content, of at most CONTENT_BYTES."""
        if len(data) <= INLINE_BYTES:
            return await self._pack(name_of(self._ring.name_key, data), data)
        return await self._pack(await asyncio.to_thread(name_of, self._ring.name_key, data), data)

    async def store_small(self, documents: Sequence[Packed | Present]) -> Sequence[StoredContent]:
        """Those of several that are not there yet; once each, if several are the same."""
        new = self._packer.claim([one.digest for one in documents])
        fresh = {one.digest: one for one in documents if one.digest in new and isinstance(one, Packed)}
        if len(fresh) < len(new):
            raise RuntimeError("a content was in the repository a moment ago, and is no longer")
        sizes = {digest: await self._packer.add(one) for digest, one in fresh.items()}
        return [StoredContent(name_from(one.digest), one.size_bytes, sizes.pop(one.digest, 0)) for one in documents]

    async def _pack(self, name: str, data: bytes) -> StoredContent:
        digest = digest_of(name)
        if not self._packer.claim([digest]):
            return StoredContent(name, len(data), 0)
        if len(data) <= INLINE_BYTES:
            form, payload = encoded(data)
        else:
            form, payload = await asyncio.to_thread(encoded, data)
        stored_bytes = await self._packer.add(Packed(digest, form, payload, len(data)))
        return StoredContent(name, len(data), stored_bytes)


def sequence(stored: list[StoredContent], whole: str) -> StoredSequence:
    """The contents of a whole, in order."""
    names = tuple(one.name for one in stored)
    return StoredSequence(names, whole, sum(one.bytes for one in stored), sum(one.stored_bytes for one in stored))
