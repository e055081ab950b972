"""A reclaim upon listings that lack, for a while, what was just put (contracts/FORMAT.md, "Reclaim" 7)."""

import os
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from contracts.manifest import Manifest
from services.platform.objectstore import Faults, FaultyObjectStore
from services.platform.repository import EnvironmentRepository, RepositoryV2
from services.platform.repository.errors import RemovalTooEarlyError
from services.platform.repository.layout import begun_prefix, manifest_key
from tests.suites.reclaim import LATER, NOW, Backups
from tests.suites.repository import KEY
from tests.support.memory_store import MemoryObjectStore

DOCUMENT = os.urandom(1000)


class Process:
    """Opens one environment of one store as often as there are processes; its listings lack what is `late`."""

    def __init__(self) -> None:
        self.store = MemoryObjectStore()
        self.environment_id = uuid4()
        self.late = Faults()

    def another(self) -> Backups:
        """One more."""
        return Backups(self.repository())

    def repository(self) -> EnvironmentRepository:
        """The same, bare."""
        return RepositoryV2(FaultyObjectStore(self.store, self.late), KEY).of(self.environment_id)

    def hide(self, *keys: str) -> None:
        """Let listings lack these alone, and not what is put from now on."""
        self.late = Faults(lagging=True, unlisted=set(keys))

    def marker(self, backup_id: UUID) -> str:
        """The key of a marker."""
        return f"{begun_prefix(self.environment_id)}{backup_id}"

    def decision(self, backup_id: UUID) -> str:
        """The key of a manifest."""
        return manifest_key(self.environment_id, backup_id)

    async def begin_upon_what_goes(self) -> tuple[Backups, Manifest]:
        """A backup under way that refers to what a deleted one has left; its manifest is not put yet."""
        gone = await self.another().take(DOCUMENT)
        self.store.now += timedelta(hours=1)
        running = self.another()
        begun = await running.prepare(DOCUMENT)
        await self.another().erase(gone.backup_id)
        return running, begun


@pytest.fixture
def process() -> Process:
    return Process()


async def test_a_backup_that_was_waited_for_is_known_by_its_key_when_its_manifest_is_not_listed_yet(
    process: Process,
) -> None:
    running, waited_for = await process.begin_upon_what_goes()
    mark_id = uuid4()
    assert (await process.repository().condemn(mark_id, NOW)).contents
    with pytest.raises(RemovalTooEarlyError):
        await process.repository().remove_condemned(mark_id, LATER)
    await running.repository.put_manifest(waited_for)
    process.hide(process.decision(waited_for.backup_id))
    await process.repository().condemn(uuid4(), LATER)  # which clears markers away of what is decided and listed
    await process.repository().remove_condemned(mark_id, LATER)
    assert await process.another().dump(waited_for) == b"dump " + DOCUMENT


async def test_a_backup_whose_marker_was_listed_too_late_for_the_mark_is_waited_for_all_the_same(
    process: Process,
) -> None:
    running, begun = await process.begin_upon_what_goes()
    process.hide(process.marker(begun.backup_id))
    mark_id = uuid4()
    assert (await process.repository().condemn(mark_id, NOW)).contents
    process.hide()
    with pytest.raises(RemovalTooEarlyError, match=str(begun.backup_id)):
        await process.repository().remove_condemned(mark_id, LATER)
    await running.repository.put_manifest(begun)
    await process.repository().remove_condemned(mark_id, LATER)
    assert await process.another().dump(begun) == b"dump " + DOCUMENT
