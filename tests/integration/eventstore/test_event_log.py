"""The real log, as the event store sees it."""

from collections.abc import AsyncIterator
from functools import partial

import pytest

from contracts.topics import Topic
from services.platform.messaging.producer import Producer
from services.platform.messaging.reading import LogReader
from services.platform.messaging.topics import ensure_topics
from services.platform.process.settings import KafkaSettings
from tests.suites.event_log import EventLog, EventLogBehaviour


class TestKafkaEventLog(EventLogBehaviour):
    @pytest.fixture
    async def log(self, kafka_settings: KafkaSettings) -> AsyncIterator[EventLog]:
        await ensure_topics(kafka_settings)
        async with Producer.open(kafka_settings) as producer, LogReader.open(kafka_settings) as reader:
            yield EventLog(partial(producer.send_batch, Topic.EVENTS), reader)
