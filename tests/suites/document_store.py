"""What every place of documents must do; run on a directory in unit/ and on a real S3 server in integration/."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID, uuid4

import pytest

from services.platform.connectors.files import (
    DocumentChangedError,
    DocumentConflictError,
    DocumentStore,
    DocumentVanishedError,
    Entry,
    HostilePlaceError,
    Listed,
    ListMissingError,
    Part,
    Stray,
)

MEBIBYTE = 1024 * 1024
NAME = "6f1d3c1e-27b0-4b52-9f8e-6a5d3a0c9b11"
Put = Callable[[str, bytes], Awaitable[None]]
"""Writes below the root as an app would, without the store."""


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def new_place() -> str:
    name = str(uuid4())
    return f"{name[:2]}/{name[2:4]}/{name}"


async def content(store: DocumentStore, place: str) -> bytes:
    return b"".join([piece async for piece in store.read(place).pieces()])


async def listing(store: DocumentStore) -> list[Entry]:
    return [entry async for batch in store.list() for entry in batch]


async def tree(store: DocumentStore) -> dict[str, bytes]:
    places = [entry.place for entry in await listing(store) if isinstance(entry, Listed)]
    return {place: await content(store, place) for place in places}


async def area_places(store: DocumentStore, area: UUID, part: Part) -> list[str]:
    return [place async for batch in store.list_area(area, part) for place in batch]


class DocumentStoreBehaviour:
    """A subclass brings the fixtures `store`, a new, empty one, and `put`, which writes below its root."""

    async def test_an_empty_place_has_no_documents(self, store: DocumentStore) -> None:
        assert await listing(store) == []

    async def test_what_was_added_is_listed_and_read_byte_for_byte(self, store: DocumentStore) -> None:
        place, data = new_place(), bytes(range(256)) * 80
        assert await store.add(place, pieces(data[:5], data[5:]))
        [entry] = await listing(store)
        assert isinstance(entry, Listed)
        assert (entry.place, entry.size_bytes) == (place, len(data))
        assert str(entry.document_id) == place.rpartition("/")[2]
        assert await content(store, place) == data

    async def test_an_empty_document_is_a_document(self, store: DocumentStore) -> None:
        place = new_place()
        assert await store.add(place, pieces())
        assert await tree(store) == {place: b""}

    async def test_a_large_document_goes_in_and_out_in_bounded_pieces(self, store: DocumentStore) -> None:
        place, data = new_place(), bytes(range(256)) * 4096 * 20
        assert await store.add(place, pieces(*(data[at : at + MEBIBYTE] for at in range(0, len(data), MEBIBYTE))))
        read = [piece async for piece in store.read(place).pieces()]
        assert max(len(piece) for piece in read) <= 16 * MEBIBYTE
        assert b"".join(read) == data

    async def test_small_documents_are_read_together_and_what_is_not_simply_there_is_left_out(
        self, store: DocumentStore, put: Put
    ) -> None:
        small = {new_place(): b"%d" % n * n for n in range(40)}
        large, absent = new_place(), new_place()
        await store.add_small(small)
        await put(large, b"x" * 2 * MEBIBYTE)
        *read, none_large, none_absent = await store.read_small([*small, large, absent], bytes)
        assert none_large is none_absent is None
        for place, whole in zip(small, read, strict=True):
            assert whole is not None
            assert whole.made == small[place]
            assert whole.seen == await store.look(place)

    async def test_nothing_is_written_over_a_document_that_is_there(self, store: DocumentStore, put: Put) -> None:
        place = new_place()
        await put(place, b"the app's")
        assert not await store.add(place, pieces(b"ours"))
        assert await content(store, place) == b"the app's"

    async def test_small_documents_are_added_together_and_none_over_one_that_is_there(
        self, store: DocumentStore, put: Put
    ) -> None:
        taken = new_place()
        await put(taken, b"the app's")
        new = {new_place(): b"%d" % n * n for n in range(40)}
        await store.add_small({**new, taken: b"ours"})
        await store.add_small(dict.fromkeys(new, b"again"))
        assert await tree(store) == {**new, taken: b"the app's"}

    async def test_small_documents_are_staged_together_over_what_an_earlier_attempt_left(
        self, store: DocumentStore
    ) -> None:
        area, staged = uuid4(), {new_place(): b"%d" % n for n in range(40)}
        await store.stage_small(area, dict.fromkeys(staged, b"half"))
        await store.stage_small(area, staged)
        assert await listing(store) == []
        assert sorted(await area_places(store, area, Part.STAGED)) == sorted(staged)
        for place in staged:
            assert await store.move_in(area, Part.STAGED, place)
        assert await tree(store) == staged

    async def test_of_small_documents_with_one_hostile_place_none_is_written(self, store: DocumentStore) -> None:
        for attempt in (
            store.add_small({new_place(): b"x", f"../{uuid4()}": b"x"}),
            store.stage_small(uuid4(), {new_place(): b"x", f"../{uuid4()}": b"x"}),
        ):
            with pytest.raises(HostilePlaceError):
                await attempt
        assert await listing(store) == []

    async def test_of_many_that_add_the_same_document_one_wins(self, store: DocumentStore) -> None:
        place = new_place()
        added = await asyncio.gather(*(store.add(place, pieces(b"%d" % n)) for n in range(8)))
        assert sum(added) == 1
        assert await content(store, place) == b"%d" % added.index(True)

    async def test_a_document_whose_source_breaks_off_never_appears(self, store: DocumentStore) -> None:
        async def broken() -> AsyncIterator[bytes]:
            for _ in range(10):
                yield b"x" * MEBIBYTE
            raise ValueError("broken off")

        place, area = new_place(), uuid4()
        for attempt in (store.add(place, broken()), store.stage(area, place, broken())):
            with pytest.raises(ValueError, match="broken off"):
                await attempt
        assert await store.look(place) is None
        assert await listing(store) == []
        assert await area_places(store, area, Part.STAGED) == []

    async def test_strays_are_named_with_their_reason_and_never_read(self, store: DocumentStore, put: Put) -> None:
        place = new_place()
        await put(place, b"x")
        await put("readme.txt", b"x")
        await put(f"{place}.tmp", b"x")
        strays = {entry.place: entry.reason for entry in await listing(store) if isinstance(entry, Stray)}
        assert strays == {"readme.txt": "not named by a UUID", f"{place}.tmp": "not named by a UUID"}

    async def test_a_look_tells_what_the_listing_told(self, store: DocumentStore, put: Put) -> None:
        place = new_place()
        assert await store.look(place) is None
        await put(place, b"12345")
        assert [await store.look(place)] == await listing(store)

    async def test_what_was_read_is_the_state_that_was_listed(self, store: DocumentStore, put: Put) -> None:
        place = new_place()
        await put(place, b"12345")
        [entry] = await listing(store)
        reader = store.read(place)
        assert [piece async for piece in reader.pieces()] == [b"12345"]
        assert reader.seen == entry

    async def test_a_document_that_is_not_there_is_told_as_vanished(self, store: DocumentStore) -> None:
        with pytest.raises(DocumentVanishedError):
            await content(store, new_place())

    async def test_a_document_that_changes_while_it_is_read_is_noticed(self, store: DocumentStore, put: Put) -> None:
        place = new_place()
        await put(place, b"a" * (8 * MEBIBYTE))
        reading = aiter(store.read(place).pieces())
        await anext(reading)
        await put(place, b"b" * (8 * MEBIBYTE))
        with pytest.raises(DocumentChangedError):
            [piece async for piece in reading]

    async def test_another_content_of_the_same_size_has_another_stamp(self, store: DocumentStore, put: Put) -> None:
        place = new_place()
        await put(place, b"one")
        [before] = await listing(store)
        await put(place, b"two")
        [after] = await listing(store)
        assert isinstance(before, Listed)
        assert isinstance(after, Listed)
        assert before.stamp != after.stamp

    async def test_nothing_counts_as_settled_before_a_probe(self, store: DocumentStore, put: Put) -> None:
        await put(new_place(), b"x")
        [entry] = await listing(store)
        assert isinstance(entry, Listed)
        assert not entry.settled
        assert await store.probe()

    async def test_a_probe_and_a_check_leave_nothing_behind(self, store: DocumentStore, put: Put) -> None:
        place = new_place()
        await put(place, b"x")
        assert await store.probe()
        assert not [finding for finding in await store.check() if finding.severity != "info"]
        assert await tree(store) == {place: b"x"}

    async def test_a_listing_longer_than_a_batch_is_complete(self, store: DocumentStore) -> None:
        places = {new_place() for _ in range(1100)}
        waiting = iter(sorted(places))

        async def add_some() -> None:
            for place in waiting:
                assert await store.add(place, pieces(place.encode()))

        await asyncio.gather(*(add_some() for _ in range(16)))
        await store.settle()
        assert {entry.place for entry in await listing(store)} == places

    @pytest.mark.parametrize(
        "place",
        [
            f"../{NAME}",
            f"a/../../{NAME}",
            f"/{NAME}",
            f"/etc/{NAME}",
            f"a//{NAME}",
            f"./{NAME}",
            f".nightkeep/restores/{NAME}/list",
            f".nightkeep/{NAME}",
            f"a/b\0/{NAME}",
            f"{'x' * 300}/{NAME}",
            "/".join(["a"] * 20 + [NAME]),
            "a/b/passwd",
            f"{NAME}/",
            f"a/\udcff/{NAME}",
            "",
            "..",
        ],
    )
    async def test_a_place_that_leaves_the_root_is_refused_and_nothing_written(
        self, store: DocumentStore, place: str
    ) -> None:
        area = uuid4()
        with pytest.raises(HostilePlaceError):
            await store.add(place, pieces(b"x"))
        with pytest.raises(HostilePlaceError):
            await store.stage(area, place, pieces(b"x"))
        with pytest.raises(HostilePlaceError):
            await store.move_out(area, Part.ASIDE, place)
        with pytest.raises(HostilePlaceError):
            await store.move_in(area, Part.ASIDE, place)
        with pytest.raises(HostilePlaceError):
            store.read(place)
        with pytest.raises(HostilePlaceError):
            await store.look(place)
        assert await listing(store) == []

    async def test_an_area_is_in_no_listing(self, store: DocumentStore, put: Put) -> None:
        area, staged, extra = uuid4(), new_place(), new_place()
        await put(extra, b"extra")
        await store.stage(area, staged, pieces(b"new"))
        assert await store.move_out(area, Part.ASIDE, extra)
        await store.write_list(area, pieces(b"list"))
        assert await listing(store) == []
        assert await area_places(store, area, Part.STAGED) == [staged]
        assert await area_places(store, area, Part.ASIDE) == [extra]

    async def test_a_differing_document_is_exchanged_and_brought_back(self, store: DocumentStore, put: Put) -> None:
        area, place = uuid4(), new_place()
        await put(place, b"old")
        await store.stage(area, place, pieces(b"half a"))
        await store.stage(area, place, pieces(b"new"))
        for _ in range(2):
            await store.move_out(area, Part.ASIDE, place)
            await store.move_in(area, Part.STAGED, place)
            await store.settle()
            assert await tree(store) == {place: b"new"}
            assert await area_places(store, area, Part.STAGED) == []
        for _ in range(2):
            await store.move_out(area, Part.STAGED, place)
            await store.move_in(area, Part.ASIDE, place)
            assert await tree(store) == {place: b"old"}
            assert await area_places(store, area, Part.ASIDE) == []

    async def test_moving_tells_whether_it_moved_something(self, store: DocumentStore, put: Put) -> None:
        area, place = uuid4(), new_place()
        assert not await store.move_out(area, Part.ASIDE, place)
        assert not await store.move_in(area, Part.ASIDE, place)
        await put(place, b"x")
        assert await store.move_out(area, Part.ASIDE, place)
        assert not await store.move_out(area, Part.ASIDE, place)
        assert await store.move_in(area, Part.ASIDE, place)
        assert not await store.move_in(area, Part.ASIDE, place)

    async def test_what_is_aside_is_never_replaced(self, store: DocumentStore, put: Put) -> None:
        area, place = uuid4(), new_place()
        await put(place, b"first")
        assert await store.move_out(area, Part.ASIDE, place)
        await put(place, b"second")
        assert not await store.move_out(area, Part.ASIDE, place)
        with pytest.raises(DocumentConflictError):
            await store.move_in(area, Part.ASIDE, place)
        assert await tree(store) == {place: b"second"}
        assert await store.move_out(area, Part.STAGED, place)
        assert await store.move_in(area, Part.ASIDE, place)
        assert await tree(store) == {place: b"first"}

    async def test_what_is_live_with_the_same_content_counts_as_moved_in(self, store: DocumentStore, put: Put) -> None:
        area, place = uuid4(), new_place()
        data = b"same" * MEBIBYTE
        await put(place, data)
        await store.stage(area, place, pieces(data))
        assert not await store.move_in(area, Part.STAGED, place)
        assert await area_places(store, area, Part.STAGED) == []
        assert await content(store, place) == data

    async def test_documents_of_one_size_and_other_content_are_told_apart(self, store: DocumentStore, put: Put) -> None:
        area, place = uuid4(), new_place()
        await put(place, b"a" * MEBIBYTE + b"a")
        await store.stage(area, place, pieces(b"a" * MEBIBYTE + b"b"))
        with pytest.raises(DocumentConflictError):
            await store.move_in(area, Part.STAGED, place)

    async def test_a_list_is_kept_whole_and_replaced_whole(self, store: DocumentStore) -> None:
        area = uuid4()
        with pytest.raises(ListMissingError):
            [piece async for piece in store.read_list(area)]
        await store.write_list(area, pieces(b"first"))
        lines = [b"%09d\n" % number for number in range(300_000)]
        await store.write_list(area, pieces(*(b"".join(lines[at : at + 1000]) for at in range(0, len(lines), 1000))))
        assert b"".join([piece async for piece in store.read_list(area)]) == b"".join(lines)

    async def test_removing_an_area_leaves_the_live_tree_and_other_areas(self, store: DocumentStore, put: Put) -> None:
        area, other, live, aside, staged = uuid4(), uuid4(), new_place(), new_place(), new_place()
        await put(live, b"live")
        await put(aside, b"aside")
        assert await store.move_out(area, Part.ASIDE, aside)
        await store.stage(area, staged, pieces(b"staged"))
        await store.stage(other, staged, pieces(b"other"))
        await store.write_list(area, pieces(b"list"))
        assert await store.remove_area(area) == 2
        assert await store.remove_area(area) == 0
        assert await area_places(store, area, Part.ASIDE) == []
        assert await area_places(store, other, Part.STAGED) == [staged]
        assert await tree(store) == {live: b"live"}
        with pytest.raises(ListMissingError):
            [piece async for piece in store.read_list(area)]
