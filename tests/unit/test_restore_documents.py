"""The documents of a restore, in a directory and in a bucket-like store, killed between any two changes."""

import os
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import closing
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.manifest import DocumentLine, Lines
from services.platform.connectors.files import DocumentSpaceError, DocumentStore, Part
from services.platform.connectors.files.directory import DirectoryDocuments
from services.platform.connectors.files.s3 import S3Documents
from services.platform.connectors.files.small import Small
from services.platform.connectors.files.threads import Threads, threads
from services.platform.connectors.files.tree import Tree
from services.platform.connectors.files.unfinished import Unfinished, desk
from services.platform.objectstore import DirectoryObjectStore
from services.platform.repository import RepositoryV2
from tests.suites.document_store import Put, tree
from tests.suites.restore_documents import (
    ABSENT,
    BACKUP,
    BEFORE,
    KEY,
    Ground,
    Killed,
    RestoreDocumentsBehaviour,
    fill,
    place_of,
    until_the_switch,
    whole,
)
from tests.support.listed_documents import document_line


class Life:
    """So many changes, then death: before a change, or after it and before anybody hears of it."""

    def __init__(self, changes: int) -> None:
        self._left = changes

    def spend(self) -> None:
        """One more."""
        if self._left <= 0:
            raise Killed
        self._left -= 1


class DyingDirectory(DirectoryDocuments):
    """Documents in a directory, worked on by somebody who dies."""

    def __init__(self, root: Path, some: Threads, life: int) -> None:
        super().__init__(root, some)
        self._life = Life(life)

    async def add(self, place: str, pieces: AsyncIterator[bytes]) -> bool:
        self._life.spend()
        added = await super().add(place, pieces)
        self._life.spend()
        return added

    async def add_small(self, documents: Mapping[str, Small]) -> None:
        for place, data in documents.items():
            self._life.spend()
            await super().add_small({place: data})
            self._life.spend()

    async def stage_small(self, area: UUID, documents: Mapping[str, Small]) -> None:
        for place, data in documents.items():
            self._life.spend()
            await super().stage_small(area, {place: data})
            self._life.spend()

    async def stage(self, area: UUID, place: str, pieces: AsyncIterator[bytes]) -> None:
        self._life.spend()
        await super().stage(area, place, pieces)
        self._life.spend()

    async def write_list(self, area: UUID, pieces: AsyncIterator[bytes]) -> None:
        self._life.spend()
        await super().write_list(area, pieces)
        self._life.spend()

    async def move_out(self, area: UUID, part: Part, place: str) -> bool:
        self._life.spend()
        moved = await super().move_out(area, part, place)
        self._life.spend()
        return moved

    async def move_in(self, area: UUID, part: Part, place: str) -> bool:
        self._life.spend()
        moved = await super().move_in(area, part, place)
        self._life.spend()
        return moved


class DyingObjects(DirectoryObjectStore):
    """Objects, changed by somebody who dies: between the copy and the deletion of a move, too."""

    def __init__(self, root: Path, life: int) -> None:
        super().__init__(root)
        self._life = Life(life)

    async def put(self, key: str, data: bytes, *, only_if_absent: bool = False) -> str:
        self._life.spend()
        etag = await super().put(key, data, only_if_absent=only_if_absent)
        self._life.spend()
        return etag

    async def put_stream(self, key: str, pieces: AsyncIterator[bytes]) -> None:
        self._life.spend()
        await super().put_stream(key, pieces)
        self._life.spend()

    async def delete(self, key: str) -> None:
        self._life.spend()
        await super().delete(key)
        self._life.spend()


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground.at(tmp_path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "documents"
    root.mkdir()
    return root


@pytest.fixture
def put(root: Path) -> Put:
    async def write(place: str, data: bytes) -> None:
        path = root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    return write


@pytest.fixture
async def some() -> AsyncIterator[Threads]:
    async with threads() as some:
        yield some


class TestInADirectory(RestoreDocumentsBehaviour):
    @pytest.fixture
    def store(self, root: Path, some: Threads) -> DocumentStore:
        return DirectoryDocuments(root, some)

    @pytest.fixture
    def dying(self, root: Path, some: Threads) -> Callable[[int], DocumentStore]:
        return lambda life: DyingDirectory(root, some, life)


class TestAsObjects(RestoreDocumentsBehaviour):
    @pytest.fixture
    def store(self, root: Path) -> DocumentStore:
        return S3Documents(DirectoryObjectStore(root), "bucket")

    @pytest.fixture
    def dying(self, root: Path) -> Callable[[int], DocumentStore]:
        return lambda life: S3Documents(DyingObjects(root, life), "bucket")


async def test_a_destination_without_space_is_told_before_anything_is_written(
    root: Path, some: Threads, ground: Ground
) -> None:
    class Narrow(DirectoryDocuments):
        async def free_bytes(self) -> int | None:
            return 10

    store = Narrow(root, some)
    await fill(store, BEFORE)
    backup, restore = await ground.back_up(BACKUP), ground.restore(store)
    seen = await restore.look(backup)
    assert [finding.code for finding in seen.findings if finding.severity == "error"] == ["NO_SPACE"]
    assert seen.facts.files_free_bytes == 10
    assert (seen.facts.files_needed_bytes or 0) > 10
    with pytest.raises(DocumentSpaceError, match="make room"):
        await restore.fix_list(backup)
    assert await tree(store) == BEFORE


async def test_a_look_finds_nothing_in_the_way_and_changes_nothing(root: Path, some: Threads, ground: Ground) -> None:
    store = DirectoryDocuments(root, some)
    await fill(store, BEFORE)
    found = (await ground.restore(store).look(await ground.back_up(BACKUP))).findings
    assert {finding.severity for finding in found} == {"info"}
    assert await tree(store) == BEFORE


class Asked(DirectoryObjectStore):
    """Objects; it is counted how often parts of them are asked for."""

    parts = 0

    async def get_range(self, key: str, offset: int, size_bytes: int) -> bytes:
        self.parts += 1
        return await super().get_range(key, offset, size_bytes)


async def test_documents_of_many_backups_are_read_as_they_lie_in_the_store(
    root: Path, some: Threads, tmp_path: Path
) -> None:
    environment_id, packs = uuid4(), 40
    store = Asked(tmp_path / "packs")
    written, read = (RepositoryV2(store, KEY).of(environment_id) for _ in range(2))
    documents = {place_of(number): os.urandom(8000) for number in range(1, packs * 50 + 1)}
    ground, lines = Ground.at(tmp_path), list[DocumentLine]()
    for nth in range(packs):
        lines += [await document_line(written, place, documents[place]) for place in list(documents)[nth::packs]]
        async for _ in written.read(lines[-1].contents):  # closes the pack
            pass
    ground.repository = written
    listed = await ground.list_of(sorted(lines, key=lambda line: line.place))
    async for _ in written.read(listed.contents):
        pass
    ground.repository, store.parts = read, 0
    await whole(ground.restore(DirectoryDocuments(root, some)), listed)
    assert await tree(DirectoryDocuments(root, some)) == documents
    assert store.parts < 6 * packs


contents = st.binary(max_size=2)
trees = st.dictionaries(st.integers(0, 5).map(place_of), contents, max_size=6)


@settings(max_examples=40, deadline=None)
@given(backup=trees, before=trees, since=trees, lives=st.lists(st.integers(0, 40), max_size=4))
async def test_whatever_the_trees_and_the_kills_the_end_is_the_backup_and_the_undo_what_was(
    backup: Mapping[str, bytes], before: Mapping[str, bytes], since: Mapping[str, bytes], lives: list[int]
) -> None:
    added_since = {place: data for place, data in since.items() if place not in {**backup, **before}}
    with tempfile.TemporaryDirectory() as directory:
        ground, root = Ground.at(Path(directory)), Path(directory) / "documents"
        root.mkdir()
        async with threads() as some:
            store = DirectoryDocuments(root, some)
            await fill(store, before)
            listed = await ground.back_up(backup)
            for life in lives:
                await _until_killed(ground, DyingDirectory(root, some, life), listed)
            await whole(ground.restore(store), listed)
            assert await tree(store) == backup
            await fill(store, added_since)
            for life in lives:
                await _undo_until_killed(ground, DyingDirectory(root, some, life))
            await ground.restore(store).bring_back()
            assert await tree(store) == {**before, **added_since}


async def _until_killed(ground: Ground, store: DocumentStore, backup: Lines) -> None:
    try:
        await whole(ground.restore(store), backup)
    except Killed:
        return


async def _undo_until_killed(ground: Ground, store: DocumentStore) -> None:
    try:
        await ground.restore(store).bring_back()
    except Killed:
        return


@pytest.mark.parametrize("goes_on", [True, False])
async def test_who_sleeps_right_before_a_rename_adds_nothing_once_another_has_taken_over(
    root: Path, some: Threads, ground: Ground, *, goes_on: bool
) -> None:
    """No lease keeps a file system from a call that was decided on before; there is nothing left to be renamed."""
    store, backup = DirectoryDocuments(root, some), await ground.back_up(BACKUP)
    await fill(store, BEFORE)
    await until_the_switch(ground.restore(store), backup)
    with desk(Tree(root)) as at, closing(Unfinished(at)) as sleeping:
        sleeping.open()
        sleeping.write(b"absent")
        next_life = ground.restore(store)
        await (whole(next_life, backup) if goes_on else next_life.withdraw())
        await store.move_out(uuid4(), Part.ASIDE, ABSENT)  # the app removes it, or it has gone
        with pytest.raises(FileNotFoundError):
            sleeping.appear(at.root_fd, "woken-up")
    left = {place: data for place, data in BACKUP.items() if place != ABSENT} if goes_on else BEFORE
    assert await tree(store) == left
