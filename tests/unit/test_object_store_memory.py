"""The object store of tests does what every one must."""

from datetime import timedelta
from uuid import uuid4

import pytest

from services.platform.objectstore import ObjectStore, probe
from services.platform.objectstore.probe import LEFT_FOR
from tests.suites.object_store import ObjectStoreBehaviour
from tests.support.memory_store import MemoryObjectStore


class TestMemoryObjectStore(ObjectStoreBehaviour):
    @pytest.fixture
    def store(self) -> ObjectStore:
        return MemoryObjectStore()


async def test_a_probe_removes_what_one_that_was_killed_has_left_and_leaves_one_under_way_alone() -> None:
    store, under_way = MemoryObjectStore(), f"probe/{uuid4()}/0"
    of_others = ["probe/report.csv", f"probe/{uuid4()}", "probes"]
    for key in (*of_others, f"probe/{uuid4()}/7"):
        await store.put(key, b"first racer")
    store.now += LEFT_FOR
    await store.put(under_way, b"first racer")
    store.now += timedelta(seconds=1)
    await probe(store, uuid4())
    assert list(store.objects) == [*of_others, under_way]
