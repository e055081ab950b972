"""The objects that name what is condemned: published in parts, read again by backups and by the removal."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from pydantic import ValidationError

from contracts.condemned import CONDEMNED_AT_ONCE, Condemnation, CondemnedPart
from contracts.values import Value
from services.platform.objectstore import ObjectNotFoundError, ObjectStore
from services.platform.process.ids import NewId
from services.platform.repository.errors import CondemnedCorruptError
from services.platform.repository.layout import CONDEMNATION, condemned_prefix
from services.platform.repository.port import Condemned

V = TypeVar("V", bound=Value)


class Publishing:
    """The parts of one mark under way. Names are random: what a broken try published stays condemned as well."""

    def __init__(self, store: ObjectStore, environment_id: UUID, mark_id: UUID, new_id: NewId) -> None:
        self._store = store
        self._environment_id = environment_id
        self._mark_id = mark_id
        self._new_id = new_id
        self._objects: list[str] = []
        self.contents = 0
        self.bytes = 0

    async def add(self, place: str, contents: int, size_bytes: int) -> None:
        """Condemn an object, `place` below the environment's prefix; so many contents of it are needed by nothing."""
        self._objects.append(place)
        self.contents += contents
        self.bytes += size_bytes
        if len(self._objects) >= CONDEMNED_AT_ONCE:
            await self.flush()

    async def flush(self) -> None:
        """Publish what was added."""
        if self._objects:
            objects, self._objects = tuple(self._objects), []
            part = CondemnedPart(mark_id=self._mark_id, environment_id=self._environment_id, objects=objects)
            key = f"{condemned_prefix(self._environment_id, self._mark_id)}{self._new_id()}"
            await self._store.put(key, part.model_dump_json().encode(), only_if_absent=True)

    async def complete(self, now: datetime, waits_for: tuple[UUID, ...]) -> Condemnation:
        """End the mark: from now on it may be removed once its time has come."""
        done = Condemnation(
            mark_id=self._mark_id,
            environment_id=self._environment_id,
            condemned_at=now,
            contents=self.contents,
            bytes=self.bytes,
            waits_for=waits_for,
        )
        key = condemned_prefix(self._environment_id, self._mark_id) + CONDEMNATION
        await self._store.put(key, done.model_dump_json().encode())
        return done


class CondemnedObjects:
    """What the marks of one environment condemned."""

    def __init__(self, store: ObjectStore, environment_id: UUID) -> None:
        self._store = store
        self._environment_id = environment_id

    def publish(self, mark_id: UUID, new_id: NewId) -> Publishing:
        """Begin a mark."""
        return Publishing(self._store, self._environment_id, mark_id, new_id)

    async def condemnation(self, mark_id: UUID) -> Condemnation | None:
        """The end of a mark; None when there is no such mark, or no end yet."""
        try:
            return await self._read(condemned_prefix(self._environment_id, mark_id) + CONDEMNATION, Condemnation)
        except ObjectNotFoundError:
            return None

    async def published_at(self, mark_id: UUID) -> datetime:
        """When the store took the end of a mark. Raises ObjectNotFoundError."""
        return (await self._store.head(condemned_prefix(self._environment_id, mark_id) + CONDEMNATION)).modified_at

    async def parts(self, mark_id: UUID | None = None) -> AsyncIterator[CondemnedPart]:
        """What one mark condemned, or all of them. One that is removed meanwhile is passed over."""
        async for info in self._store.list(condemned_prefix(self._environment_id, mark_id)):
            if not info.key.endswith(f"/{CONDEMNATION}"):
                try:
                    yield await self._read(info.key, CondemnedPart)
                except ObjectNotFoundError:
                    continue

    async def forget(self, mark_id: UUID) -> None:
        """Remove a mark, its end last: it is what a repetition looks for."""
        place = condemned_prefix(self._environment_id, mark_id)
        parts = [info.key async for info in self._store.list(place) if not info.key.endswith(f"/{CONDEMNATION}")]
        for key in (*parts, place + CONDEMNATION):
            await self._store.delete(key)

    async def _read(self, key: str, kind: type[V]) -> V:
        try:
            return kind.model_validate_json(await self._store.get(key))
        except ValidationError as error:
            raise CondemnedCorruptError(f"{key} does not say what is condemned: nothing is removed") from error


def told(done: Condemnation) -> Condemned:
    """What the port tells of a mark."""
    return Condemned(done.mark_id, done.contents, done.bytes)
