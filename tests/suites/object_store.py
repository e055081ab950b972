"""What every object store must do; run on a directory in unit/ and on a real S3 server in integration/."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from services.platform.objectstore import (
    AlreadyExistsError,
    InvalidKeyError,
    ObjectChangedError,
    ObjectInfo,
    ObjectNotFoundError,
    ObjectStore,
    probe,
)

MEBIBYTE = 1024 * 1024


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def collected(stream: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in stream])


async def listed(store: ObjectStore, prefix: str) -> list[str]:
    return sorted([info.key async for info in store.list(prefix)])


class ObjectStoreBehaviour:
    """A subclass brings the fixture `store`: a new, empty one."""

    async def test_what_was_put_is_there_byte_for_byte(self, store: ObjectStore) -> None:
        data = bytes(range(256)) * 100
        await store.put("a/b", data)
        assert await store.get("a/b") == data
        assert (await store.head("a/b")).size_bytes == len(data)

    async def test_an_empty_object_is_an_object(self, store: ObjectStore) -> None:
        await store.put("empty", b"")
        assert await store.get("empty") == b""
        assert await collected(store.stream("empty")) == b""

    async def test_the_names_right_below_a_prefix_come_once_each(self, store: ObjectStore) -> None:
        for key in ("a/one/x", "a/one/y/z", "a/two", "b/three"):
            await store.put(key, b"")
        assert sorted([name async for name in store.names("a/")]) == ["one", "two"]
        assert sorted([name async for name in store.names("")]) == ["a", "b"]
        assert [name async for name in store.names("absent/")] == []

    async def test_a_second_put_replaces_the_first_and_changes_the_etag(self, store: ObjectStore) -> None:
        first = await store.put("k", b"one")
        second = await store.put("k", b"two")
        assert await store.get("k") == b"two"
        assert first != second == (await store.head("k")).etag

    async def test_of_many_conditional_puts_one_wins_and_stays(self, store: ObjectStore) -> None:
        async def racer(number: int) -> bytes | None:
            try:
                await store.put("race", b"%d" % number, only_if_absent=True)
            except AlreadyExistsError:
                return None
            return b"%d" % number

        winners = [won for won in await asyncio.gather(*(racer(n) for n in range(16))) if won is not None]
        assert winners == [await store.get("race")]

    async def test_a_conditional_put_on_something_is_refused(self, store: ObjectStore) -> None:
        await store.put("k", b"one")
        with pytest.raises(AlreadyExistsError):
            await store.put("k", b"two", only_if_absent=True)
        assert await store.get("k") == b"one"

    async def test_after_a_delete_a_conditional_put_wins_again(self, store: ObjectStore) -> None:
        await store.put("k", b"one")
        await store.delete("k")
        await store.put("k", b"two", only_if_absent=True)
        assert await store.get("k") == b"two"

    async def test_only_the_object_that_was_seen_is_replaced(self, store: ObjectStore) -> None:
        seen = await store.put("k", b"one")
        assert await store.replace("k", b"second", etag=seen) == (await store.head("k")).etag
        for key in ("k", "absent"):
            with pytest.raises(ObjectChangedError):
                await store.replace(key, b"third", etag=seen)
        assert await store.get("k") == b"second"

    async def test_what_is_not_there_is_not_found(self, store: ObjectStore) -> None:
        with pytest.raises(ObjectNotFoundError, match="absent"):
            await store.get("absent")
        with pytest.raises(ObjectNotFoundError):
            await store.head("absent")
        with pytest.raises(ObjectNotFoundError):
            await collected(store.stream("absent"))
        with pytest.raises(ObjectNotFoundError):
            await store.copy("absent", "elsewhere")

    async def test_deleting_what_is_not_there_is_no_error(self, store: ObjectStore) -> None:
        await store.delete("absent")
        await store.put("k", b"x")
        await store.delete("k")
        await store.delete("k")
        with pytest.raises(ObjectNotFoundError):
            await store.get("k")

    async def test_a_large_stream_arrives_whole_and_leaves_in_pieces(self, store: ObjectStore) -> None:
        parts = [bytes([number]) * (5 * MEBIBYTE) for number in range(8)]
        await store.put_stream("large", pieces(*parts))
        sizes = []
        received = b""
        async for piece in store.stream("large"):
            sizes.append(len(piece))
            received += piece
        assert received == b"".join(parts)
        assert max(sizes) <= MEBIBYTE

    async def test_a_stream_of_exactly_one_part_and_an_empty_one_arrive(self, store: ObjectStore) -> None:
        await store.put_stream("part", pieces(b"x" * (16 * MEBIBYTE)))
        await store.put_stream("nothing", pieces())
        assert (await store.head("part")).size_bytes == 16 * MEBIBYTE
        assert await store.get("nothing") == b""

    async def test_a_part_of_an_object_is_read_without_the_rest(self, store: ObjectStore) -> None:
        data = bytes(range(256)) * 100
        await store.put("k", data)
        for offset, size_bytes in ((0, 1), (0, len(data)), (300, 7), (len(data) - 3, 3)):
            assert await store.get_range("k", offset, size_bytes) == data[offset : offset + size_bytes]
        assert await store.get_range("k", len(data) - 3, 100) == data[-3:]
        assert await store.get_range("k", len(data), 100) == await store.get_range("k", 5, 0) == b""
        with pytest.raises(ObjectNotFoundError):
            await store.get_range("absent", 0, 10)

    async def test_a_stream_that_breaks_leaves_nothing_behind(self, store: ObjectStore) -> None:
        async def broken() -> AsyncIterator[bytes]:
            yield b"x" * (20 * MEBIBYTE)
            raise ValueError("broken off")

        with pytest.raises(ValueError, match="broken off"):
            await store.put_stream("half", broken())
        with pytest.raises(ObjectNotFoundError):
            await store.head("half")
        assert [info.key async for info in store.list("")] == []

    @pytest.mark.parametrize("data", [b"", b"one", b"x" * (3 * MEBIBYTE)])
    async def test_a_stream_tells_of_which_state_it_is_as_head_does(self, store: ObjectStore, data: bytes) -> None:
        told: list[ObjectInfo] = []
        await store.put("größe/ü + ?#%41", data)
        assert await collected(store.stream("größe/ü + ?#%41", tell=told.append)) == data
        assert told == [await store.head("größe/ü + ?#%41")]

    async def test_a_listing_has_every_key_of_the_prefix_once(self, store: ObjectStore) -> None:
        keys = ["a/1", "a/10", "a/2/x", "a/2-y", "ab", "b/1"]
        for key in keys:
            await store.put(key, b"x")
        assert await listed(store, "") == sorted(keys)
        assert await listed(store, "a/") == sorted(k for k in keys if k.startswith("a/"))
        assert await listed(store, "a/1") == ["a/1", "a/10"]
        assert [info.key async for info in store.list("nothing/")] == []

    async def test_a_listing_longer_than_a_page_is_complete(self, store: ObjectStore) -> None:
        keys = {f"many/{number:04}" for number in range(1100)}
        waiting = iter(sorted(keys))

        async def put_some() -> None:
            for key in waiting:
                await store.put(key, b"x")

        await asyncio.gather(*(put_some() for _ in range(16)))
        assert await listed(store, "many/") == sorted(keys)

    async def test_a_listing_tells_size_and_etag_like_head(self, store: ObjectStore) -> None:
        await store.put("k", b"12345")
        [listed] = [info async for info in store.list("k")]
        head = await store.head("k")
        assert (listed.size_bytes, listed.etag) == (5, head.etag)
        assert abs((listed.modified_at - head.modified_at).total_seconds()) <= 1

    async def test_a_copy_is_another_object(self, store: ObjectStore) -> None:
        await store.put("from/k", b"content")
        await store.copy("from/k", "to/k")
        await store.delete("from/k")
        assert await store.get("to/k") == b"content"

    async def test_names_beyond_ascii_are_names(self, store: ObjectStore) -> None:
        key = "größe & 数/ü + ?#%41"
        await store.put(key, b"x")
        assert [info.key async for info in store.list("größe")] == [key]
        await store.copy(key, "plain")
        assert await store.get(key) == await store.get("plain") == b"x"

    @pytest.mark.parametrize("key", ["", "/a", "a//b", "../a", "a/../b", "a/", ".", "a\0b", "x" * 256, "y/" * 600])
    async def test_a_key_that_leaves_its_prefix_is_refused(self, store: ObjectStore, key: str) -> None:
        with pytest.raises(InvalidKeyError):
            await store.put(key, b"x")
        with pytest.raises(InvalidKeyError):
            await store.get(key)

    async def test_it_passes_the_probe_and_the_probe_leaves_nothing(self, store: ObjectStore) -> None:
        await probe(store, uuid4())
        assert [info.key async for info in store.list("")] == []
