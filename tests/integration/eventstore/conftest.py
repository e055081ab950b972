"""What the tests of the event store share."""

from collections.abc import AsyncIterator

import pytest

from tests.support.databases import FreshDatabase
from tests.support.event_log import InMemoryEventLog
from tests.support.event_store import SERVICE, OwnEvents, open_own_events


@pytest.fixture
def log() -> InMemoryEventLog:
    """An empty log in memory."""
    return InMemoryEventLog()


@pytest.fixture
async def own(fresh_database: FreshDatabase, log: InMemoryEventLog) -> AsyncIterator[OwnEvents]:
    """A service's own events."""
    async with open_own_events(fresh_database(SERVICE), log) as own:
        yield own
