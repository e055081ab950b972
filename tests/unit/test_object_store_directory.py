"""The directory store, and what holds for every store whatever stands behind it."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from services.platform.objectstore import (
    AlreadyExistsError,
    DirectoryObjectStore,
    Faults,
    FaultyObjectStore,
    ObjectStore,
    StoreUnavailableError,
    UnsafeStoreError,
    probe,
)
from tests.suites.object_store import ObjectStoreBehaviour


class TestDirectoryObjectStore(ObjectStoreBehaviour):
    @pytest.fixture
    def store(self, tmp_path: Path) -> ObjectStore:
        return DirectoryObjectStore(tmp_path)


class TestFaultyObjectStoreWithoutFaults(ObjectStoreBehaviour):
    @pytest.fixture
    def store(self, tmp_path: Path) -> ObjectStore:
        return FaultyObjectStore(DirectoryObjectStore(tmp_path), Faults())


class ForgetfulStore(DirectoryObjectStore):
    """Accepts a condition and does not keep to it, as some servers do."""

    async def put(self, key: str, data: bytes, *, only_if_absent: bool = False) -> str:  # noqa: ARG002 -- what it is for
        return await super().put(key, data)


class LateLookingStore(DirectoryObjectStore):
    """Looks first and writes afterwards: right for one writer, wrong for several."""

    async def put(self, key: str, data: bytes, *, only_if_absent: bool = False) -> str:
        if only_if_absent and [info async for info in self.list(key)]:
            raise AlreadyExistsError(key)
        return await super().put(key, data)


@pytest.mark.parametrize("store_type", [ForgetfulStore, LateLookingStore])
async def test_a_store_that_lets_several_writers_win_is_refused(
    store_type: type[DirectoryObjectStore], tmp_path: Path
) -> None:
    with pytest.raises(UnsafeStoreError, match="not safe"):
        await probe(store_type(tmp_path), uuid4())


async def test_a_fault_before_a_put_leaves_nothing_and_one_after_it_leaves_the_object(tmp_path: Path) -> None:
    store = FaultyObjectStore(DirectoryObjectStore(tmp_path), Faults(before={"put": 1}, after={"put": 1}))
    for expected in ([], ["k"]):
        with pytest.raises(StoreUnavailableError):
            await store.put("k", b"x")
        assert [info.key async for info in store.list("")] == expected
    with pytest.raises(AlreadyExistsError):
        await store.put("k", b"x", only_if_absent=True)


async def test_a_stream_is_written_nowhere_until_it_ended(tmp_path: Path) -> None:
    store = DirectoryObjectStore(tmp_path)

    async def watched() -> AsyncIterator[bytes]:
        yield b"half"
        assert [info.key async for info in store.list("")] == []
        yield b"whole"

    await store.put_stream("k", watched())
    assert await store.get("k") == b"halfwhole"
