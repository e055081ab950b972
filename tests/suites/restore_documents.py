"""What a restore does with documents, wherever they are: also when it is killed anywhere and taken over."""

import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from contracts.manifest import DocumentLine, Lines
from services.platform.connectors.files import (
    DocumentStore,
    HostilePlaceError,
    ListMissingError,
    Part,
    pacing,
)
from services.platform.objectstore import DirectoryObjectStore
from services.platform.repository import EnvironmentRepository, RepositoryV2
from services.restore.documents import Difference, RestoreDocuments
from services.restore.documents.json_lines import ListUnreadableError
from tests.suites.document_store import listing, pieces, tree
from tests.support.listed_documents import document_line

KEY = bytes(range(32))
Tree = Mapping[str, bytes]


def place_of(number: int) -> str:
    name = str(UUID(int=number << 64))
    return f"{name[:2]}/{name[2:4]}/{name}"


SAME, OTHER, SIZED, ABSENT, EXTRA, EMPTY, LARGE = (place_of(number) for number in range(1, 8))
BACKUP = {
    SAME: b"same",
    OTHER: b"the backup's",
    SIZED: b"size",
    ABSENT: b"absent",
    EMPTY: b"",
    LARGE: b"large" * 500_000,
}
BEFORE = {SAME: b"same", OTHER: b"another", SIZED: b"SIZE", EXTRA: b"extra", LARGE: b"LARGE" * 500_000}


@dataclass
class Ground:
    """A repository with backups in it, and restores of them into a store."""

    scratch: Path
    repository: EnvironmentRepository
    area: UUID = field(default_factory=uuid4)

    @classmethod
    def at(cls, directory: Path) -> "Ground":
        scratch = directory / "scratch"
        scratch.mkdir()
        return cls(scratch, RepositoryV2(DirectoryObjectStore(directory / "repository"), KEY).of(uuid4()))

    async def back_up(self, documents: Tree) -> Lines:
        return await self.list_of([await self.line(place, data) for place, data in documents.items()])

    async def line(self, place: str, data: bytes) -> DocumentLine:
        return await document_line(self.repository, place, data, referenced=True)

    async def list_of(self, lines: list[DocumentLine], count: int | None = None) -> Lines:
        data = b"".join(line.model_dump_json().encode() + b"\n" for line in lines)
        stored = await self.repository.store(pieces(data))
        number = len(lines) if count is None else count
        return Lines(contents=stored.contents, hash=stored.hash, bytes=stored.bytes, count=number)

    def restore(self, store: DocumentStore) -> RestoreDocuments:
        return RestoreDocuments(store, self.repository, self.area, self.scratch)


async def fill(store: DocumentStore, documents: Tree) -> None:
    for place, data in documents.items():
        assert await store.add(place, pieces(data))


async def until_the_switch(restore: RestoreDocuments, backup: Lines) -> Difference:
    difference = await restore.fix_list(backup)
    await restore.add_absent()
    await restore.stage_differing()
    return difference


async def whole(restore: RestoreDocuments, backup: Lines) -> Difference:
    await until_the_switch(restore, backup)
    return await restore.set_aside_and_place()


async def area_of(store: DocumentStore, area: UUID) -> dict[Part, set[str]]:
    return {part: {p async for batch in store.list_area(area, part) for p in batch} for part in Part}


class Killed(Exception):  # noqa: N818 -- no error of the product: the process is gone
    """The worker is gone at this point."""


class RestoreDocumentsBehaviour:
    """A subclass brings `store`, `dying` (the same store, whose n-th change kills) and `ground`."""

    async def test_a_destination_holds_exactly_the_backup_afterwards(
        self, store: DocumentStore, ground: Ground
    ) -> None:
        backup = await ground.back_up(BACKUP)
        await fill(store, BEFORE)
        difference = await whole(ground.restore(store), backup)
        assert await tree(store) == BACKUP
        assert (difference.count, difference.bytes) == (len(BACKUP), sum(map(len, BACKUP.values())))
        assert (difference.same_count, difference.added_count) == (1, 2)
        assert (difference.replaced_count, difference.set_aside_count) == (3, 1)
        assert difference.before_count == len(BEFORE)

    async def test_nothing_of_the_old_state_changes_before_the_switch(
        self, store: DocumentStore, ground: Ground
    ) -> None:
        backup = await ground.back_up(BACKUP)
        await fill(store, BEFORE)
        await until_the_switch(ground.restore(store), backup)
        assert await tree(store) == {**BEFORE, ABSENT: b"absent", EMPTY: b""}

    async def test_an_undo_brings_back_exactly_what_was_and_leaves_what_the_app_added(
        self, store: DocumentStore, ground: Ground
    ) -> None:
        backup = await ground.back_up(BACKUP)
        await fill(store, BEFORE)
        restore = ground.restore(store)
        await whole(restore, backup)
        since = place_of(99)
        await fill(store, {since: b"since"})
        for _ in range(2):
            brought = await restore.bring_back()
            assert await tree(store) == {**BEFORE, since: b"since"}
            assert (brought.returned_count, brought.taken_out_count, brought.orphan_count) == (4, 5, 1)

    async def test_an_undo_brings_back_what_the_app_has_deleted_or_written_anew(
        self, store: DocumentStore, ground: Ground
    ) -> None:
        backup = await ground.back_up(BACKUP)
        await fill(store, BEFORE)
        restore, elsewhere = ground.restore(store), uuid4()
        await whole(restore, backup)
        await store.move_out(elsewhere, Part.ASIDE, OTHER)
        await fill(store, {EXTRA: b"written anew"})
        for _ in range(2):
            await restore.bring_back()
            assert await tree(store) == BEFORE

    async def test_a_restore_that_is_withdrawn_leaves_everything_as_it_was(
        self, store: DocumentStore, ground: Ground
    ) -> None:
        backup = await ground.back_up(BACKUP)
        await fill(store, BEFORE)
        restore = ground.restore(store)
        await restore.withdraw()
        await until_the_switch(restore, backup)
        for _ in range(2):
            await restore.withdraw()
            assert await tree(store) == BEFORE
            assert await area_of(store, ground.area) == {Part.STAGED: set(), Part.ASIDE: set()}

    async def test_after_the_grace_only_the_restored_documents_are_left(
        self, store: DocumentStore, ground: Ground
    ) -> None:
        backup = await ground.back_up(BACKUP)
        await fill(store, BEFORE)
        restore = ground.restore(store)
        await whole(restore, backup)
        assert await area_of(store, ground.area) == {Part.STAGED: set(), Part.ASIDE: {OTHER, SIZED, EXTRA, LARGE}}
        assert await restore.remove_area() == 4
        assert await restore.remove_area() == 0
        assert await tree(store) == BACKUP
        with pytest.raises(ListMissingError):
            await restore.bring_back()

    async def test_the_list_that_was_fixed_first_is_the_one_that_counts(
        self, store: DocumentStore, ground: Ground
    ) -> None:
        backup = await ground.back_up(BACKUP)
        await fill(store, BEFORE)
        restore = ground.restore(store)
        first = await restore.fix_list(backup)
        await restore.add_absent()
        assert await restore.fix_list(backup) == first

    async def test_a_restore_killed_anywhere_is_finished_by_the_next(
        self, store: DocumentStore, dying: Callable[[int], DocumentStore], ground: Ground
    ) -> None:
        backed_up, before = (
            {place: data for place, data in documents.items() if place != LARGE} for documents in (BACKUP, BEFORE)
        )
        backup = await ground.back_up(backed_up)
        await fill(store, before)
        for life in range(200):
            ground.area = uuid4()
            died = await _dies(whole(ground.restore(dying(life)), backup))
            await whole(ground.restore(store), backup)
            assert await tree(store) == backed_up
            undo_died = await _dies(ground.restore(dying(life)).bring_back())
            await ground.restore(store).bring_back()
            assert await tree(store) == before
            removal_died = await _dies(ground.restore(dying(life)).remove_area())
            await ground.restore(store).remove_area()
            if not (died or undo_died or removal_died):
                return
        pytest.fail("it never got to its end")

    async def test_a_list_that_is_damaged_or_cut_short_changes_nothing(
        self, store: DocumentStore, ground: Ground
    ) -> None:
        line = await ground.line(ABSENT, b"absent")
        broken = await ground.repository.store(pieces(b'{"id": 1}\n'))
        lists = [
            await ground.list_of([line], count=2),
            await ground.list_of([line, line]),
            Lines(contents=broken.contents, hash=broken.hash, bytes=broken.bytes, count=1),
        ]
        for backup in lists:
            with pytest.raises(ListUnreadableError):
                await ground.restore(store).fix_list(backup)
        assert await listing(store) == []

    async def test_a_backup_that_names_a_place_outside_the_root_changes_nothing(
        self, store: DocumentStore, ground: Ground
    ) -> None:
        line = await ground.line(ABSENT, b"absent")
        hostile = line.model_copy(update={"place": f"../../{ABSENT}"})
        with pytest.raises(HostilePlaceError):
            await ground.restore(store).fix_list(await ground.list_of([line, hostile]))
        assert await listing(store) == []

    async def test_strays_are_left_alone_and_named(
        self, store: DocumentStore, ground: Ground, put: Callable[[str, bytes], Awaitable[None]]
    ) -> None:
        await put("notes.txt", b"mine")
        difference = await whole(ground.restore(store), await ground.back_up(BACKUP))
        assert (difference.strays_count, difference.strays) == (1, ("notes.txt",))
        assert len(await listing(store)) == len(BACKUP) + 1

    async def test_progress_tells_documents_and_bytes_with_their_totals(
        self, store: DocumentStore, ground: Ground
    ) -> None:
        told: list[tuple[int, int, int | None, int | None]] = []

        async def progress(
            *,
            bytes_done: int = 0,
            bytes_total: int | None = None,
            documents_done: int = 0,
            documents_total: int | None = None,
        ) -> None:
            told.append((documents_done, bytes_done, documents_total, bytes_total))

        restore = RestoreDocuments(store, ground.repository, ground.area, ground.scratch, progress)
        await restore.fix_list(await ground.back_up(BACKUP))
        told.clear()
        await restore.add_absent()
        total = sum(map(len, BACKUP.values()))
        assert told[-1] == (len(BACKUP), total, len(BACKUP), total)
        assert told == sorted(told)

    async def test_a_large_document_moves_on_while_it_is_brought_and_while_it_is_compared(
        self, store: DocumentStore, ground: Ground, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pacing, "TELL_SECONDS", 0.0)
        size_bytes = 40 * 1024 * 1024
        told: list[int] = []

        async def progress(*, bytes_done: int = 0, **_: int | None) -> None:
            told.append(bytes_done)

        def moved() -> bool:
            return any(0 < bytes_done < size_bytes for bytes_done in told) and told[-1] == size_bytes

        stored = await ground.repository.store(pieces(os.urandom(size_bytes)))
        line = await ground.line(ABSENT, b"")
        large = line.model_copy(update={"size": size_bytes, "contents": stored.contents, "hash": stored.hash})
        listing = await ground.list_of([large])
        restore = RestoreDocuments(store, ground.repository, ground.area, ground.scratch, progress)
        await restore.fix_list(listing)
        await restore.add_absent()
        assert moved()
        told.clear()
        again = RestoreDocuments(store, ground.repository, uuid4(), ground.scratch, progress)
        assert (await again.fix_list(listing)).added_count == 0
        assert moved()


async def _dies(work: Awaitable[object]) -> bool:
    try:
        await work
    except Killed:
        return True
    return False
