"""Bit rot, where a test wants it."""

from uuid import UUID, uuid4

from services.platform.objectstore import ObjectStore
from services.platform.repository.layout import pack_key
from services.platform.repository.names import digest_of
from services.platform.repository.stored_index import StoredIndex
from services.platform.repository.wraps import Wraps


async def rot(store: ObjectStore, master: bytes, environment_id: UUID, name: str) -> None:
    """Flip a bit of a content, in every pack that has it."""
    ring = await Wraps(store, master).ring(environment_id)
    assert ring is not None
    locations = (await StoredIndex(store, ring, uuid4).load()).locate(digest_of(name))
    assert locations
    for location in locations:
        key = pack_key(environment_id, location.pack_id)
        data = bytearray(await store.get(key))
        data[location.entry.offset] ^= 1
        await store.put(key, bytes(data))
