"""A repository for a person who has its bucket and a key, and nothing else: it reads, and never writes."""

from datetime import datetime
from functools import partial
from secrets import token_bytes
from uuid import UUID

from services.platform.objectstore import ObjectStore
from services.platform.process.ids import random_id
from services.platform.repository.errors import RepositoryKeyError
from services.platform.repository.keyring import KEY_BYTES, KeyRing
from services.platform.repository.v2 import RepositoryV2
from services.platform.repository.wrapping import recovered, unwrapped
from services.platform.repository.wraps import Unwrap, numbers_of, ring_of


class KeptWraps:
    """The data keys that are there. See DataKeys."""

    def __init__(self, store: ObjectStore, unwrap: Unwrap) -> None:
        self._store = store
        self._unwrap = unwrap

    async def ring(self, environment_id: UUID) -> KeyRing | None:
        """See DataKeys."""
        return await ring_of(self._store, environment_id, self._unwrap)

    async def add(self, environment_id: UUID) -> None:
        """See DataKeys: refused."""
        raise RepositoryKeyError(f"the environment {environment_id} has no wrapped keys here, and none is made")

    async def numbers(self, environment_id: UUID) -> range:
        """See DataKeys."""
        return await numbers_of(self._store, environment_id)

    async def destroy(self, environment_id: UUID, numbers: range, now: datetime) -> None:
        """See DataKeys: refused."""
        raise RepositoryKeyError(f"{len(numbers)} keys of {environment_id} at {now}: who only reads destroys none")


def by_master_key(store: ObjectStore, wraps: ObjectStore, master: bytes) -> RepositoryV2:
    """What the master key opens: both formats."""
    return RepositoryV2(store, master, random_id, KeptWraps(wraps, partial(unwrapped, master)))


def by_recovery_key(store: ObjectStore, wraps: ObjectStore, private: bytes) -> RepositoryV2:
    """What the recovery key's private half opens: nothing of the first format, whose keys come from the master key."""
    nobody = token_bytes(KEY_BYTES)
    return RepositoryV2(store, nobody, random_id, KeptWraps(wraps, partial(recovered, private)))
