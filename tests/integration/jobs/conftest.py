"""What the tests of jobs share."""

from collections.abc import AsyncIterator

import pytest

from tests.support.databases import FreshDatabase
from tests.support.jobs import SERVICE, Jobs, open_jobs


@pytest.fixture
async def jobs(fresh_database: FreshDatabase) -> AsyncIterator[Jobs]:
    """A service's queue."""
    async with open_jobs(fresh_database(SERVICE)) as jobs:
        yield jobs
