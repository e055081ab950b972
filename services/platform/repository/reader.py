"""Reads contents of the second format: finds them, decrypts, undoes deltas, and checks every byte against its name."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final

from services.platform.objectstore import ObjectNotFoundError, ObjectStore
from services.platform.repository.blocks import Blocks, Kept
from services.platform.repository.errors import ContentCorruptError, ContentMissingError, RepositoryError
from services.platform.repository.forms import Form, Stretch, checked, stretch_of
from services.platform.repository.keyring import KeyRing
from services.platform.repository.locations import Location, Locations
from services.platform.repository.names import digest_of
from services.platform.repository.packs import PackCipher
from services.platform.repository.small import Unopened

INLINE_BYTES: Final = 64 * 1024
"""Smaller ones are decrypted, decompressed and hashed in less time than it takes to hand them to a thread."""
BASES_KEPT: Final = 4
"""Contents of an earlier dump that are kept decompressed: those of one stretch, and the next."""
CIPHERS_KEPT: Final = 64
MAX_DEPTH: Final = 2
"""A delta against a delta, and no more: what is deeper was not written by us."""

TOLD: Final = 2
"""Packs that do not tell what they hold, and so may have what is missed: named in the error."""

Refresh = Callable[[Locations], Awaitable[Locations]]


class Reader:
    """Contents of one environment. `refresh` looks for packs that are new since; it is asked for what is not found."""

    def __init__(self, store: ObjectStore, ring: KeyRing, locations: Locations, refresh: Refresh) -> None:
        self._ring = ring
        self._locations = locations
        self._refresh = refresh
        self._blocks = Blocks(store, ring.environment_id)
        self._bases: tuple[Kept[str, bytes], ...] = tuple(Kept(BASES_KEPT) for _ in range(MAX_DEPTH + 1))
        self._ciphers: dict[tuple[object, int], PackCipher] = {}

    @property
    def read_bytes(self) -> int:
        """What came from the store so far, as it is stored there."""
        return self._blocks.read_bytes

    async def content(self, name: str, depth: int = 0) -> bytes:
        """One content, from the first of its places that has it. Raises ContentMissingError, ContentCorruptError."""
        digest = digest_of(name)
        try:
            return await self._from_any(name, self._locations.locate(digest), depth)
        except ContentMissingError:
            self._locations = await self._refresh(self._locations)
            return await self._from_any(name, self._locations.locate(digest), depth)

    async def unopened(self, names: Sequence[str]) -> dict[str, Unopened | bytes]:
        """Contents as the first of their places have them; their bytes where it takes more to have those than opening.

        Raises ContentMissingError, ContentCorruptError. What cannot be opened then may still be had: ask for `content`.
        """
        digests = [digest_of(name) for name in names]
        first = self._locations.first_of(digests)
        asked = zip(names, digests, strict=True)
        return {name: await self._unopened(name, first.get(digest)) for name, digest in asked}

    async def _unopened(self, name: str, location: Location | None) -> Unopened | bytes:
        if location and location.entry.form != Form.DELTA:
            with suppress(ObjectNotFoundError):
                return Unopened(name, self._cipher(location), location.entry, await self._stored(location))
        return await self.content(name)

    async def stretch(self, stretch: Stretch, depth: int = 0) -> bytes:
        """A part of an earlier dump."""
        return stretch.cut([await self._base(name, depth) for name in stretch.bases])

    async def payload(self, location: Location) -> bytes:
        """What is stored of a content, decrypted. Raises ContentCorruptError, ObjectNotFoundError."""
        try:
            return await self._payload(location)
        except ContentCorruptError:
            # Perhaps only what came is wrong, not what is there: a block that came short would spoil all that is in it.
            self._blocks.forget(location.pack_id, location.entry.offset, location.entry.stored_bytes)
            return await self._payload(location)

    async def _payload(self, location: Location) -> bytes:
        entry, cipher, stored = location.entry, self._cipher(location), await self._stored(location)
        if entry.stored_bytes <= INLINE_BYTES:
            return cipher.opened(entry, stored)
        return await asyncio.to_thread(cipher.opened, entry, stored)

    async def _stored(self, location: Location) -> bytes:
        return await self._blocks.read(location.pack_id, location.entry.offset, location.entry.stored_bytes)

    async def _from_any(self, name: str, locations: list[Location], depth: int) -> bytes:
        error: RepositoryError | None = None
        for location in locations:
            try:
                return await self._from(name, location, depth)
            except ObjectNotFoundError:
                continue
            except RepositoryError as found:
                error = found
        if error is None:
            unreadable = "".join(f"; {one.reason}" for one in [*self._locations.unreadable.values()][:TOLD])
            error = ContentMissingError(f"the content {name} is not in the repository{unreadable}")
        raise error

    async def _from(self, name: str, location: Location, depth: int) -> bytes:
        try:
            payload = await self.payload(location)
            prefix = await self._prefix(location.entry.form, payload, depth)
        except ContentCorruptError as error:
            raise ContentCorruptError(f"the content {name} is damaged: {error.reason}") from error
        form = location.entry.form
        if max(location.entry.size_bytes, len(payload)) <= INLINE_BYTES:
            return checked(self._ring.name_key, name, form, payload, prefix)
        return await asyncio.to_thread(checked, self._ring.name_key, name, form, payload, prefix)

    async def _prefix(self, form: int, payload: bytes, depth: int) -> bytes | None:
        if form != Form.DELTA:
            return None
        if depth >= MAX_DEPTH:
            raise ContentCorruptError("it is a delta of a delta of a delta, which nobody writes")
        return await self.stretch(stretch_of(payload), depth + 1)

    async def _base(self, name: str, depth: int) -> bytes:
        return await self._bases[depth].get(name, lambda: self.content(name, depth))

    def _cipher(self, location: Location) -> PackCipher:
        key = (location.pack_id, location.key_number)
        if key not in self._ciphers:
            if len(self._ciphers) >= CIPHERS_KEPT:
                self._ciphers.clear()
            self._ciphers[key] = PackCipher(self._ring, location.pack_id, location.key_number)
        return self._ciphers[key]
