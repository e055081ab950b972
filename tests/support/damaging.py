"""Bit rot, and loss, where a test wants it."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from services.platform.objectstore import ObjectStore
from services.platform.repository.layout import pack_key
from services.platform.repository.locations import Location
from services.platform.repository.names import digest_of
from services.platform.repository.stored_index import StoredIndex
from services.platform.repository.wraps import Wraps


async def rot(store: ObjectStore, master: bytes, environment_id: UUID, name: str) -> None:
    """Flip a bit of a content, in every pack that has it."""
    for location in await _places(store, master, environment_id, name):
        key = pack_key(environment_id, location.pack_id)
        data = bytearray(await store.get(key))
        data[location.entry.offset] ^= 1
        await store.put(key, bytes(data))


async def lose(store: ObjectStore, master: bytes, environment_id: UUID, name: str) -> None:
    """Remove every pack that has a content."""
    for location in await _places(store, master, environment_id, name):
        await store.delete(pack_key(environment_id, location.pack_id))


async def _places(store: ObjectStore, master: bytes, environment_id: UUID, name: str) -> Sequence[Location]:
    ring = await Wraps(store, master).ring(environment_id)
    assert ring is not None
    locations = (await StoredIndex(store, ring, uuid4).load()).locate(digest_of(name))
    assert locations
    return locations
