"""The object store of tests does what every one must."""

import pytest

from services.platform.objectstore import ObjectStore
from tests.suites.object_store import ObjectStoreBehaviour
from tests.support.memory_store import MemoryObjectStore


class TestMemoryObjectStore(ObjectStoreBehaviour):
    @pytest.fixture
    def store(self) -> ObjectStore:
        return MemoryObjectStore()
