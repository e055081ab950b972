"""Whatever a consumer is about to do when it is stopped, it is stopped, and who stopped it goes on."""

import asyncio
from typing import Any

import pytest

from contracts.topics import Topic
from services.platform.messaging.consuming import free_consumer
from services.platform.messaging.driver import TopicPartition
from services.platform.messaging.errors import BrokerUnavailableError
from services.platform.messaging.topics import ensure_topics
from services.platform.process.settings import KafkaSettings


async def stopped_before_it_fetches_again(kafka_settings: KafkaSettings, driver: list[Any]) -> None:
    """By an outage of something else."""
    await ensure_topics(kafka_settings)
    async with free_consumer(kafka_settings) as consumer:
        driver.append(consumer._client)  # noqa: SLF001 -- whose connections must end
        consumer.assign([TopicPartition(Topic.EVENTS.named(kafka_settings.topic_prefix), 0)])
        await consumer.getmany(timeout_ms=100)
        again = asyncio.create_task(asyncio.sleep(60))
        consumer._fetcher._pending_tasks.add(again)  # noqa: SLF001 -- as a fetch waits that has failed
        await asyncio.sleep(0)
        raise BrokerUnavailableError("away")


async def test_a_consumer_that_was_about_to_fetch_again_leaves_the_error_that_stopped_it(
    kafka_settings: KafkaSettings,
) -> None:
    driver: list[Any] = []
    with pytest.raises(BrokerUnavailableError, match="away"):
        await stopped_before_it_fetches_again(kafka_settings, driver)
    [client] = driver
    assert [one.connected() for one in client._conns.values()] == [False]  # noqa: SLF001 -- as above
