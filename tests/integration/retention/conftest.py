"""What the tests of retention share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.platform.objectstore import DirectoryObjectStore
from tests.support.databases import FreshDatabase
from tests.support.sweeping import Sweeps, open_sweeps


@pytest.fixture
async def sweeps(fresh_database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Sweeps]:
    """Sweeps, and a catalog that the test plays."""
    async with open_sweeps(fresh_database("retention"), DirectoryObjectStore(tmp_path / "store")) as opened:
        yield opened
