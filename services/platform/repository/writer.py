"""Stores bytes as contents of the second format: cut, name, compress, pack what is not there yet."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from services.platform.repository.cutting import cut
from services.platform.repository.forms import encoded
from services.platform.repository.keyring import KeyRing
from services.platform.repository.names import WholeHasher, digest_of, name_of
from services.platform.repository.packer import Packer
from services.platform.repository.packs import Packed
from services.platform.repository.port import StoredSequence

INLINE_BYTES: Final = 64 * 1024
"""Smaller ones are named and compressed in less time than it takes to hand them to a thread."""

SMALL_AT_ONCE: Final = 2
"""Threads that compress small ones: more would only wait for the interpreter."""


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
        self._room = asyncio.Semaphore(SMALL_AT_ONCE)

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

    async def store_small(self, documents: Sequence[bytes]) -> Sequence[StoredContent]:
        """A content each, of several that are a MiB together: compressed on one way to a thread."""
        names = [name_of(self._ring.name_key, data) for data in documents]
        digests = [digest_of(name) for name in names]
        new = self._packer.claim(digests)
        fresh = [(digest, data) for digest, data in zip(digests, documents, strict=True) if digest in new]
        packed: Sequence[Packed] = ()
        if fresh:
            async with self._room:
                packed = await asyncio.to_thread(_packed, fresh)
        sizes = {one.digest: await self._packer.add(one) for one in packed}
        return [
            StoredContent(name, len(data), sizes.pop(digest, 0))
            for name, digest, data in zip(names, digests, documents, strict=True)
        ]

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


def _packed(documents: Sequence[tuple[bytes, bytes]]) -> Sequence[Packed]:
    """Once each, if several are the same."""
    return [Packed(digest, *encoded(data), len(data)) for digest, data in dict(documents).items()]


def sequence(stored: list[StoredContent], whole: str) -> StoredSequence:
    """The contents of a whole, in order."""
    names = tuple(one.name for one in stored)
    return StoredSequence(names, whole, sum(one.bytes for one in stored), sum(one.stored_bytes for one in stored))
