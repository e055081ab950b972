"""Gathers contents into packs, encrypts and uploads these beside the work that brings more, and writes their index."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from services.platform.objectstore import ObjectStore
from services.platform.process.ids import NewId
from services.platform.repository.indexes import PackEntries, as_bytes
from services.platform.repository.keyring import KeyRing
from services.platform.repository.layout import pack_key
from services.platform.repository.locations import Locations, StoredPack
from services.platform.repository.packs import TAG_BYTES, PackCipher, Packed
from services.platform.repository.stored_index import StoredIndex

PACK_BYTES: Final = 16 * 1024 * 1024
"""A pack is closed from this size on; with the content that comes last it has up to twice as much."""
PACK_CONTENTS: Final = 50_000
"""Closed from here on too: a footer is held in memory."""
INDEX_AFTER: Final = 50_000
"""Contents without an index: so many are written into one at the latest. As bytes until then: a sixth of objects."""
UPLOADS: Final = 2
"""Closed packs under way at once: what a slow put costs is hidden, and memory is bounded by it."""


class Packer:
    """The packs that one writer makes. An upload that failed ends every later call with its error."""

    def __init__(
        self, store: ObjectStore, ring: KeyRing, index: StoredIndex, locations: Locations, new_id: NewId
    ) -> None:
        self._store = store
        self._ring = ring
        self._index = index
        self._locations = locations
        self._new_id = new_id
        self._open: list[Packed] = []
        self._open_bytes = 0
        self._claimed: set[bytes] = set()
        self._room = asyncio.Semaphore(UPLOADS)
        self._uploads: set[asyncio.Task[None]] = set()
        self._error: BaseException | None = None
        self._unindexed = bytearray()
        self._unindexed_contents = 0

    def claim(self, digests: Sequence[bytes]) -> set[bytes]:
        """The contents that the caller must add: they are neither stored nor on their way."""
        new = {digest for digest in digests if digest not in self._claimed}
        new.difference_update(self._locations.usable(list(new)))
        self._claimed |= new
        return new

    def is_on_its_way(self, digest: bytes) -> bool:
        """Whether it was claimed, and is not in the store yet."""
        return digest in self._claimed

    async def add(self, content: Packed) -> int:
        """Put a claimed content into the open pack; returns what it takes in the store. Waits while uploads lag."""
        self._raise_error()
        self._open.append(content)
        stored_bytes = len(content.payload) + TAG_BYTES
        self._open_bytes += stored_bytes
        if self._open_bytes >= PACK_BYTES or len(self._open) >= PACK_CONTENTS:
            await self._close()
        return stored_bytes

    async def flush(self) -> None:
        """Return when everything that was added, or may be referred to, is in the store and in an index."""
        if self._open:
            await self._close()
        while self._uploads:
            await asyncio.wait(self._uploads)
        self._raise_error()
        for pack in self._locations.adopted():  # an attempt was killed between its packs and their index
            await self._tell(pack)
        await self._write_index()

    async def _close(self) -> None:
        contents, self._open, self._open_bytes = self._open, [], 0
        await self._room.acquire()
        upload = asyncio.create_task(self._upload(contents))
        self._uploads.add(upload)
        upload.add_done_callback(self._uploaded)

    async def _upload(self, contents: list[Packed]) -> None:
        cipher = PackCipher(self._ring, self._new_id(), self._ring.newest)
        data, entries = await asyncio.to_thread(cipher.sealed, contents)
        contents.clear()
        await self._store.put(pack_key(self._ring.environment_id, cipher.pack_id), data)
        pack = PackEntries(cipher.pack_id, cipher.key_number, entries)
        self._locations.add_stored([StoredPack(cipher.pack_id, len(data), datetime.fromtimestamp(0, UTC))])
        self._locations.add(pack)
        self._claimed.difference_update(entry.digest for entry in entries)
        await self._tell(pack)

    async def _tell(self, pack: PackEntries) -> None:
        self._unindexed += as_bytes([pack])
        self._unindexed_contents += len(pack.entries)
        if self._unindexed_contents >= INDEX_AFTER:
            await self._write_index()

    def _uploaded(self, upload: asyncio.Task[None]) -> None:
        self._room.release()
        self._uploads.discard(upload)
        if not upload.cancelled() and upload.exception():
            self._error = self._error or upload.exception()

    def _raise_error(self) -> None:
        if self._error:
            raise self._error

    async def _write_index(self) -> None:
        if self._unindexed:
            told, count = bytes(self._unindexed), self._unindexed_contents
            self._unindexed, self._unindexed_contents = bytearray(), 0
            try:
                await self._index.write(told)
            except BaseException:  # whoever flushes again has to write it
                self._unindexed += told
                self._unindexed_contents += count
                raise
