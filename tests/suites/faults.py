"""A repository upon a store that fails, lies or lags: the right bytes or a named error, and nothing is lost."""

import os
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

import pytest

from contracts.manifest import DatabasePart, Manifest
from services.platform.objectstore import ALWAYS, ANY, Faults, FaultyObjectStore, ObjectStore
from services.platform.process.errors import NightkeepError
from services.platform.repository import EnvironmentRepository, RepositoryV2
from services.platform.repository.errors import RemovalTooEarlyError
from tests.suites.reclaim import LATER, NOW, Backups
from tests.suites.repository import KEY, pieces
from tests.support.dice import one_in

KINDS: Final[dict[str, Callable[[], Faults]]] = {
    "errors once": lambda: Faults(before={ANY: 1}),
    "errors always": lambda: Faults(before={ANY: ALWAYS}),
    "lost after success": lambda: Faults(after={ANY: 1}),
    "a short read": lambda: Faults(short={ANY: 1}),
    "short reads": lambda: Faults(short={ANY: ALWAYS}),
    "a flipped bit": lambda: Faults(flipped={ANY: 1}),
    "flipped bits": lambda: Faults(flipped={ANY: ALWAYS}),
    "slow": lambda: Faults(slow_seconds=0.001),
    "lagging lists": lambda: Faults(lagging=True),
}
MOST_CALLS: Final = 250
"""More than any of these works makes."""
SAMPLED: Final = {"back_up": 5, "read_back": 5, "check": 5, "reclaim": 15, "erase": 25}
"""A run's sample meets one in so many of a work's calls, which are others with each seed."""
ROWS: Final = random.Random(20261128).randbytes(20_000)  # noqa: S311 -- the same rows each time
"""Of every dump: what a night changes is stored against them."""
CHANGED_BYTES: Final = 2000
"""A tenth of them: the first night that changes so much is the anchor of the next one, which is two deltas deep."""


class Chained(Backups):
    """Those whose dumps are stored against the one before."""

    def __init__(self, repository: EnvironmentRepository, earlier: Manifest | None) -> None:
        super().__init__(repository)
        self.earlier = earlier

    async def prepare(self, document: bytes, backup_id: UUID | None = None) -> Manifest:
        """See Backups; a day later than the one before, since an erasure goes by the order."""
        whole = await super().prepare(document, backup_id)
        taken_at = self.earlier.restore_point + timedelta(days=1) if self.earlier else whole.restore_point
        return whole.model_copy(update={"restore_point": taken_at})

    async def store_dump(self, part: DatabasePart, dump: bytes) -> DatabasePart:
        """See Backups."""
        stored = await self.repository.store_dump(pieces(ROWS + dump), self.earlier.database if self.earlier else None)
        sequence = stored.sequence
        told = {"contents": sequence.contents, "hash": sequence.hash, "bytes": sequence.bytes, "chain": stored.chain}
        return part.model_copy(update=told)


@dataclass
class Kept:
    """Backups that exist, with what a restore must bring back."""

    store: ObjectStore
    environment_id: UUID = field(default_factory=uuid4)
    there: list[tuple[Manifest, bytes]] = field(default_factory=list)

    def repository(self, faults: Faults | None = None) -> EnvironmentRepository:
        """As another process opens it."""
        store = FaultyObjectStore(self.store, faults) if faults else self.store
        return RepositoryV2(store, KEY).of(self.environment_id)

    async def take(self, document: bytes, faults: Faults | None = None, backup_id: UUID | None = None) -> None:
        """A backup; it is kept from when its manifest has decided."""
        earlier = self.there[-1][0] if self.there else None
        whole = await Chained(self.repository(faults), earlier).take(document, backup_id or uuid4())
        self.there.append((whole, ROWS + b"dump " + document))

    async def chained(self) -> None:
        """A full dump, a delta of it that is an anchor, and a delta of that."""
        for _ in range(3):
            await self.take(os.urandom(CHANGED_BYTES))
        chain = self.there[-1][0].database.chain
        assert chain
        assert chain.anchor

    async def copied(self, store: ObjectStore) -> "Kept":
        """The same, kept in another store that is empty yet."""
        async for info in self.store.list(""):
            await store.put(info.key, await self.store.get(info.key))
        return replace(self, store=store, there=list(self.there))

    async def delete(self) -> None:
        """Delete the oldest."""
        whole, _ = self.there.pop(0)
        await Backups(self.repository()).erase(whole.backup_id)

    async def all_is_there(self) -> None:
        """Every one is read back, and a check finds nothing."""
        for whole, dump in self.there:
            repository = self.repository()
            found = await repository.read_manifest(whole.backup_id)
            assert await Backups(repository).dump(found) == dump
        report = await self.repository().check(read_percent=100, seed=0)
        assert (report.backups, report.damages) == (len(self.there), [])


Work = Callable[[Kept, Faults], Awaitable[None]]


async def back_up(kept: Kept, faults: Faults) -> None:
    """A backup, and the same again where it failed, by the next worker: one of them decides."""
    document, backup_id = os.urandom(CHANGED_BYTES), uuid4()
    try:
        await kept.take(document, faults, backup_id)
    except NightkeepError:
        await kept.take(document, backup_id=backup_id)


async def read_back(kept: Kept, faults: Faults) -> None:
    """What is read is right, or it is not handed out."""
    for whole, dump in kept.there:
        repository = kept.repository(faults)
        try:
            found = await repository.read_manifest(whole.backup_id)
            assert await Backups(repository).dump(found) == dump
        except NightkeepError as error:
            assert error.reason  # noqa: PT017 -- or none, which is as good


async def check(kept: Kept, faults: Faults) -> None:
    """A check names damage that it saw, and what it notes of it harms nobody."""
    repository = kept.repository(faults)
    try:
        report = await repository.check(read_percent=100, seed=0)
        await repository.note_damaged(uuid4(), report.damaged_packs)
    except NightkeepError:
        return
    assert report.backups <= len(kept.there)


async def reclaim(kept: Kept, faults: Faults) -> None:
    """A mark and its removal, each of them again by the next worker where it failed."""
    await _removed(kept, faults, lambda repository, mark_id: repository.condemn(mark_id, NOW))


async def erase(kept: Kept, faults: Faults) -> None:
    """The same of an erasure."""
    await _removed(kept, faults, lambda repository, mark_id: repository.erase(mark_id, NOW))


async def _removed(
    kept: Kept, faults: Faults, mark: Callable[[EnvironmentRepository, UUID], Awaitable[object]]
) -> None:
    await kept.delete()
    mark_id = uuid4()
    try:
        await mark(kept.repository(faults), mark_id)
    except NightkeepError:
        await mark(kept.repository(), mark_id)
    try:
        await kept.repository(faults).remove_condemned(mark_id, LATER)
    except NightkeepError as error:
        assert not isinstance(error, RemovalTooEarlyError)  # noqa: PT017 -- or none, which is as good
        await kept.repository().remove_condemned(mark_id, LATER + timedelta(days=1))


class FaultBehaviour:
    """A subclass brings the fixture `new_store`, which makes a new, empty object store."""

    every = 1
    """Faults meet one call in so many."""

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("work", [back_up, read_back, check, reclaim, erase])
    async def test_whatever_call_a_fault_meets_the_bytes_are_right_and_nothing_is_lost(
        self, new_store: Callable[[], ObjectStore], work: Work, kind: str
    ) -> None:
        prepared = Kept(new_store())
        await prepared.chained()
        for number in one_in(SAMPLED[work.__name__], MOST_CALLS):
            kept = await prepared.copied(new_store())
            faults = KINDS[kind]()
            faults.skip = number * self.every
            await work(kept, faults)
            await kept.all_is_there()
            if not faults.struck:
                return
        raise AssertionError(f"{work.__name__} makes more calls than {MOST_CALLS}")
