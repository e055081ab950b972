"""Topics are created as their rules say, and other ones are refused."""

import asyncio

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic  # type: ignore[import-untyped]  # -- aiokafka has no types
from aiokafka.client import AIOKafkaClient  # type: ignore[import-untyped]  # -- aiokafka has no types
from aiokafka.protocol.metadata import MetadataRequest  # type: ignore[import-untyped]  # -- aiokafka has no types

from contracts.topics import RULES, Topic
from services.platform.messaging.driver import connection_options
from services.platform.messaging.errors import BrokerUnavailableError, TopicMismatchError
from services.platform.messaging.reading import LogReader
from services.platform.messaging.topics import ensure_topics
from services.platform.process.settings import KafkaSettings


async def _create(settings: KafkaSettings, partitions: int, **configuration: str) -> None:
    admin = AIOKafkaAdminClient(**connection_options(settings))
    await admin.start()
    name = Topic.EVENTS.named(settings.topic_prefix)
    configs = {name.replace("_", "."): value for name, value in configuration.items()}
    await admin.create_topics([NewTopic(name, partitions, 1, topic_configs=configs)])
    await admin.close()


async def test_services_that_start_together_all_find_the_topics(kafka_settings: KafkaSettings) -> None:
    await asyncio.gather(*(ensure_topics(kafka_settings) for _ in range(3)))
    async with LogReader.open(kafka_settings) as reader:
        assert len(await reader.ends(Topic.COMMANDS)) == len(await reader.ends(Topic.EVENTS)) == 12
        assert len(await reader.ends(Topic.PROGRESS)) == len(await reader.ends(Topic.DEAD_LETTERS)) == 1


async def test_only_what_is_ours_is_asked_for_and_nothing_is_made_by_asking(
    kafka_settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cluster may have many topics of others, and a broker that makes whatever it is asked for."""
    asked: list[MetadataRequest] = []
    send = AIOKafkaClient.send

    async def noted(client: AIOKafkaClient, node_id: object, request: object, **more: object) -> object:
        asked.extend([request] if isinstance(request, MetadataRequest) else [])
        return await send(client, node_id, request, **more)

    monkeypatch.setattr(AIOKafkaClient, "send", noted)
    for _ in range(2):
        await ensure_topics(kafka_settings)
    ours = [rule.topic.named(kafka_settings.topic_prefix) for rule in RULES]
    assert asked
    assert [vars(one) for one in asked] == [{"_topics": ours, "_allow_auto_topic_creation": False}] * len(asked)


async def test_a_compacted_log_is_refused(kafka_settings: KafkaSettings) -> None:
    await _create(kafka_settings, 12, cleanup_policy="compact", retention_ms="-1")
    with pytest.raises(TopicMismatchError, match=r"cleanup\.policy is compact, not delete"):
        await ensure_topics(kafka_settings)


async def test_a_log_that_forgets_is_refused(kafka_settings: KafkaSettings) -> None:
    await _create(kafka_settings, 12, retention_ms="604800000")
    with pytest.raises(TopicMismatchError, match=r"retention\.ms is 604800000, not -1"):
        await ensure_topics(kafka_settings)


async def test_a_log_with_another_number_of_partitions_is_refused(kafka_settings: KafkaSettings) -> None:
    await _create(kafka_settings, 3, retention_ms="-1")
    with pytest.raises(TopicMismatchError, match="partitions is 3, not 12"):
        await ensure_topics(kafka_settings)


async def test_a_cluster_with_too_few_brokers_is_worth_another_try(kafka_settings: KafkaSettings) -> None:
    """Others start, or have to be heard of again: a broker that was silent for a while is fenced."""
    lonely = kafka_settings.model_copy(update={"replication_factor": 3})
    with pytest.raises(BrokerUnavailableError, match=r"could not be created: .*replicat"):
        await ensure_topics(lonely)


async def test_a_broker_that_is_not_there_is_worth_another_try() -> None:
    nowhere = KafkaSettings(bootstrap_servers="127.0.0.1:1")
    with pytest.raises(BrokerUnavailableError):
        await ensure_topics(nowhere)
