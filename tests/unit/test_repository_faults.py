"""The repository upon a store that fails, lies or lags, and the repository's own suite upon each of these."""

import os
from collections.abc import Awaitable, Callable
from functools import wraps
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from uuid import uuid4

import pytest

from services.platform.objectstore import (
    ALWAYS,
    DirectoryObjectStore,
    Faults,
    FaultyObjectStore,
    ObjectStore,
    StoreUnavailableError,
)
from services.platform.process.errors import NightkeepError
from services.platform.repository import Repository, RepositoryV2
from tests.suites.faults import KINDS, FaultBehaviour, Kept
from tests.suites.reclaim import NOW
from tests.suites.repository import KEY, RepositoryBehaviour, pieces
from tests.support.manifests import manifest
from tests.support.memory_store import MemoryObjectStore


class TestFaultsInMemory(FaultBehaviour):
    @pytest.fixture
    def new_store(self) -> Callable[[], ObjectStore]:
        return MemoryObjectStore


class TestFaultsInADirectory(FaultBehaviour):
    every = 3
    """Each call syncs: which of them a fault meets is for the other store to go through."""

    @pytest.fixture
    def new_store(self, tmp_path: Path) -> Callable[[], ObjectStore]:
        return lambda: DirectoryObjectStore(Path(mkdtemp(dir=tmp_path)))


ELSEWHERE = {
    "test_every_decision_is_listed",
    "test_a_manifest_that_was_tampered_with_is_refused",
    "test_a_damaged_manifest_gives_way_to_a_tombstone_and_a_newer_one_does_not",
}
"""A late listing lacks what is late, which is what it is; and of several errors a test wants the words of one."""


def right_or_named(test: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """The same test, which may also end with an error of ours, but only where a fault has struck.

    What is asserted before that must hold. A late listing strikes nothing that is counted.
    """

    @wraps(test)
    async def tolerant(suite: "TestTheRepositoryUponFaults", *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 -- as the test has them
        try:
            await test(suite, *args, **kwargs)
        except NightkeepError:
            assert suite.met.struck or suite.met.lagging

    return tolerant


class TestTheRepositoryUponFaults(RepositoryBehaviour):
    """The suite of every repository; what a test does to the store itself meets no faults."""

    met: Faults

    for _name, _test in vars(RepositoryBehaviour).items():
        if _name.startswith("test_") and _name not in ELSEWHERE:
            locals()[_name] = right_or_named(_test)
    for _name in ELSEWHERE:
        locals()[_name] = None

    @pytest.fixture
    def store(self) -> ObjectStore:
        return MemoryObjectStore()

    @pytest.fixture(params=KINDS)
    def faults(self, request: pytest.FixtureRequest) -> Faults:
        faults = KINDS[request.param]()
        faults.skip = 4  # the keys are made
        return faults

    @pytest.fixture
    def root(self, store: ObjectStore, faults: Faults) -> Repository:
        self.met = faults
        return RepositoryV2(FaultyObjectStore(store, faults), KEY)


async def test_a_decision_that_is_listed_late_is_known_at_once_and_listed_in_the_end() -> None:
    faults = Faults()
    repository = RepositoryV2(FaultyObjectStore(MemoryObjectStore(), faults), KEY).of(uuid4())
    whole = manifest(uuid4(), repository.environment_id, repository.key_id)
    await repository.hasher()
    faults.lagging = True
    await repository.put_manifest(whole)
    assert await repository.read_manifest(whole.backup_id) == whole
    assert [one async for one in repository.manifests()] == []
    faults.lagging = False
    assert [one.decided async for one in repository.manifests()] == [whole]


async def test_a_store_fails_lies_and_lags_as_it_is_told() -> None:
    faults = Faults(short={"get": 1}, flipped={"get_range": 1}, before={"head": ALWAYS}, skip=2)
    store = FaultyObjectStore(MemoryObjectStore(), faults)
    await store.put("a/k", b"0123")
    assert await store.get("a/k") == b"0123"
    assert [await store.get("a/k") for _ in range(2)] == [b"01", b"0123"]
    assert [await store.get_range("a/k", 0, 4) for _ in range(2)] == [b"0133", b"0123"]
    for _ in range(2):
        with pytest.raises(StoreUnavailableError):
            await store.head("a/k")
    faults.lagging = True
    await store.put("a/late", b"x")
    assert [info.key async for info in store.list("")] == ["a/k"]
    assert [name async for name in store.names("a/")] == ["k"]
    assert await store.get("a/late") == b"x"
    faults.lagging = False
    assert [name async for name in store.names("a/")] == ["k", "late"]
    assert faults.struck == 4


@pytest.mark.parametrize("wrong", ["short", "flipped"])
async def test_a_part_of_a_pack_that_came_wrong_is_asked_for_once_more(wrong: str) -> None:
    faults, store = Faults(), MemoryObjectStore()
    environment_id = uuid4()
    writing = RepositoryV2(store, KEY).of(environment_id)
    documents = [os.urandom(1000) for _ in range(5)]
    stored = [await writing.store(pieces(data)) for data in documents]
    await writing.put_manifest(manifest(uuid4(), environment_id, writing.key_id))
    repository = RepositoryV2(FaultyObjectStore(store, faults), KEY).of(environment_id)
    setattr(faults, wrong, {"get_range /packs/": 1})
    for one, data in zip(stored, documents, strict=True):
        assert b"".join([piece async for piece in repository.read(one.contents)]) == data
    assert faults.struck == 1


async def test_a_chain_that_is_listed_late_is_known_all_the_same() -> None:
    kept = Kept(MemoryObjectStore())
    await kept.chained()
    await kept.delete()
    await kept.repository().erase(uuid4(), NOW)
    chains = {info.key async for info in kept.store.list("") if info.key.endswith(".chain")}
    assert chains
    told = [await kept.repository().read_manifest(whole.backup_id) for whole, _ in kept.there]
    late = kept.repository(Faults(lagging=True, unlisted=chains))
    listed = [verdict.manifest async for verdict in late.manifests() if verdict.manifest]
    assert sorted(listed, key=lambda one: one.restore_point) == told
