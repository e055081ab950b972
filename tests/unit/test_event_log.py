"""The log in memory does what the real one does."""

import pytest

from tests.suites.event_log import EventLog, EventLogBehaviour
from tests.support.event_log import InMemoryEventLog


class TestInMemoryEventLog(EventLogBehaviour):
    @pytest.fixture
    def log(self) -> EventLog:
        memory = InMemoryEventLog()
        return EventLog(memory.publish, memory)
