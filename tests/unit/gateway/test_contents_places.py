"""Whatever is read of a backup takes a place, one that archives' downloads have too, and gives it back."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.events.backups import BackupKind
from contracts.states import BackupState
from services.gateway.adapters.contents import BackupContents
from services.gateway.adapters.places import Places
from services.gateway.domain.refusals import RefusalError, TooManyAtOnceError
from services.gateway.resources import Backup
from services.platform.archives.workshop import Workshop
from services.platform.objectstore import DirectoryObjectStore
from services.platform.repository import RepositoryV2
from tests.support.dumps import TocEntry, data_block, dump
from tests.support.stored_backups import place_of, store_backup

DOCUMENT = UUID(int=7)
DUMP = dump([TocEntry(1, b"TABLE", tag=b"thing"), TocEntry(2, b"TABLE DATA", tag=b"thing")], data_block(2, b"1\tred\n"))
NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    with Workshop.open(1) as opened:
        yield opened


async def _file(contents: BackupContents, backup: Backup) -> Any:  # noqa: ANN401 -- whatever is there
    _, pieces = await contents.file(backup, DOCUMENT)
    return [piece async for piece in pieces]


async def _table(contents: BackupContents, backup: Backup) -> Any:  # noqa: ANN401 -- whatever is there
    _, pieces = await contents.table(backup, "thing")
    return [piece async for piece in pieces]


LOOKS: dict[str, Callable[[BackupContents, Backup], Awaitable[Any]]] = {
    "files": lambda contents, backup: contents.files(backup, after=None, limit=10),
    "tables": lambda contents, backup: contents.tables(backup, sizes=False),
    "sizes": lambda contents, backup: contents.tables(backup, sizes=True),
    "file": _file,
    "table": _table,
}


async def kept(directory: Path) -> tuple[RepositoryV2, Backup]:
    """A repository and a completed backup in it."""
    repository = RepositoryV2(DirectoryObjectStore(directory), b"k" * 32)
    manifest = await store_backup(repository.of(uuid4()), {place_of(DOCUMENT): b"a document"}, DUMP)
    verdict = await repository.of(manifest.environment_id).verdict(manifest.backup_id)
    assert verdict is not None
    backup = Backup(
        backup_id=manifest.backup_id,
        environment_id=manifest.environment_id,
        app_id=uuid4(),
        kind=BackupKind.ON_DEMAND,
        state=BackupState.COMPLETED,
        created_at=NOW,
        created_by="karla",
        slot_date=NOW.date(),
        manifest_hash=verdict.hash,
    )
    return repository, backup


@pytest.mark.parametrize("look", LOOKS)
async def test_a_look_needs_a_place_and_gives_it_back(look: str, tmp_path: Path, workshop: Workshop) -> None:
    repository, backup = await kept(tmp_path)
    places = Places(1, "backups are being read")
    contents = BackupContents(repository, workshop, places)
    with places.one(), pytest.raises(TooManyAtOnceError, match="too many backups are being read"):
        await LOOKS[look](contents, backup)
    for _ in range(2):
        assert await LOOKS[look](contents, backup)
    places.take()


@pytest.mark.parametrize("look", LOOKS)
async def test_a_look_that_fails_gives_its_place_back(look: str, tmp_path: Path, workshop: Workshop) -> None:
    repository, backup = await kept(tmp_path)
    places = Places(1, "backups are being read")
    [packs] = await asyncio.to_thread(lambda: list(tmp_path.glob("environments/*/packs")))
    await asyncio.to_thread(rmtree, packs)
    with pytest.raises(RefusalError):
        await LOOKS[look](BackupContents(repository, workshop, places), backup)
    places.take()
