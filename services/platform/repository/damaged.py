"""The objects that name damaged packs: what they hold is stored again by the next backup that needs it."""

from collections.abc import AsyncIterator, Collection
from contextlib import suppress
from uuid import UUID

from pydantic import ValidationError

from contracts.condemned import DamagedPacks
from services.platform.objectstore import ObjectNotFoundError, ObjectStore
from services.platform.repository.layout import damaged_prefix


class DamagedObjects:
    """What was found damaged in one environment."""

    def __init__(self, store: ObjectStore, environment_id: UUID) -> None:
        self._store = store
        self._environment_id = environment_id
        self._prefix = damaged_prefix(environment_id)

    async def note(self, found_by: UUID, packs: Collection[UUID]) -> None:
        """Name those that are not named yet; `found_by` is any id for the look that found them."""
        new = set(packs) - {pack_id async for pack_id in self.packs()} if packs else set[UUID]()
        if new:
            told = DamagedPacks(environment_id=self._environment_id, packs=tuple(sorted(new)))
            await self._store.put(f"{self._prefix}{found_by}", told.model_dump_json().encode())

    async def packs(self) -> AsyncIterator[UUID]:
        """All that were named; an object that tells nothing is passed over: it only costs that nothing is healed."""
        async for _, named in self._named():
            for pack_id in named:
                yield pack_id

    async def forget(self, kept: Collection[UUID]) -> None:
        """Remove what names only packs that are not there any more; `kept` are those that are."""
        async for key, named in self._named():
            if not set(named) & set(kept):
                await self._store.delete(key)

    async def _named(self) -> AsyncIterator[tuple[str, tuple[UUID, ...]]]:
        async for info in self._store.list(self._prefix):
            with suppress(ObjectNotFoundError, ValidationError):
                yield info.key, DamagedPacks.model_validate_json(await self._store.get(info.key)).packs
