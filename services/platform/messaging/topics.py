"""Creates the four topics as their rules say and refuses to run on others: a compacted log destroys history."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_fixed

from contracts import defaults
from contracts.topics import RULES, TopicRule
from services.platform.messaging.driver import (
    AIOKafkaAdminClient,
    ConfigResource,
    ConfigResourceType,
    InvalidReplicationFactorError,
    KafkaError,
    MetadataRequest,
    NewTopic,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
    broker_errors,
    connection_options,
    for_code,
    murmur2,
)
from services.platform.messaging.errors import BrokerUnavailableError, TopicMismatchError
from services.platform.process.settings import KafkaSettings

APPEARS_WITHIN_SECONDS: Final = 60.0
"""A topic that was just created is not known to every broker at once: it waits for some twenty writes to its disk for
each partition, ten seconds for ours with a disk of fifty writes a second, and longer where others create theirs."""


async def ensure_topics(settings: KafkaSettings) -> None:
    """Creates what is missing (every service may, at once) and verifies what is there.

    It asks about its own topics alone, however many others a cluster has. Raises TopicMismatchError where partitions,
    retention or clean-up are not those of `contracts.topics`, and BrokerUnavailableError.
    """
    rules = {rule.topic.named(settings.topic_prefix): rule for rule in RULES}
    with broker_errors("look at the topics"):
        async with _admin(settings) as admin:
            await _create_missing(admin, rules, settings)
            found = await _look(admin, [*rules])
    for name, rule in rules.items():
        _verify(rule, found[name])


def partition_of(key: str, partitions: int = defaults.PARTITIONS) -> int:
    """The partition of commands and events that records with this key lie in: that of every Kafka client."""
    return int(murmur2(key.encode()) & 0x7FFFFFFF) % partitions


def topic_settings(rule: TopicRule, replication_factor: int) -> dict[str, str]:
    """What a topic is created with."""
    return {
        "cleanup.policy": "delete",
        "retention.ms": str(rule.retention_ms),
        "min.insync.replicas": str(min(defaults.MIN_INSYNC_REPLICAS, replication_factor)),
    }


@asynccontextmanager
async def _admin(settings: KafkaSettings) -> AsyncIterator[Any]:
    admin = AIOKafkaAdminClient(**connection_options(settings))
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


async def _create_missing(
    admin: Any,  # noqa: ANN401 -- aiokafka has no types
    rules: Mapping[str, TopicRule],
    settings: KafkaSettings,
) -> None:
    there = {one["topic"] for one in await _described(admin, [*rules]) if not one["error_code"]}
    missing = [rule for name, rule in rules.items() if name not in there]
    if not missing:
        return
    answer = await admin.create_topics([_new_topic(rule, settings) for rule in missing])
    for name, code, *said in answer.topic_errors:
        kind = for_code(code)
        if code and kind is not TopicAlreadyExistsError:
            comes = kind.retriable or kind is InvalidReplicationFactorError  # brokers that are not there, or not yet
            error = BrokerUnavailableError if comes else TopicMismatchError
            raise error(f"the topic {name} could not be created: {said[0] if said else kind}")


def _new_topic(rule: TopicRule, settings: KafkaSettings) -> Any:  # noqa: ANN401 -- aiokafka has no types
    return NewTopic(
        rule.topic.named(settings.topic_prefix),
        rule.partitions,
        settings.replication_factor,
        topic_configs=topic_settings(rule, settings.replication_factor),
    )


async def _look(admin: Any, names: Sequence[str]) -> dict[str, Mapping[str, str]]:  # noqa: ANN401 -- aiokafka has no types
    async for attempt in AsyncRetrying(
        retry=retry_if_exception_type(KafkaError),
        stop=stop_after_delay(APPEARS_WITHIN_SECONDS),
        wait=wait_fixed(0.1),
        reraise=True,
    ):
        with attempt:
            partitions = await _partitions(admin, names)
            configurations = await _configurations(admin, names)
            return {name: {"partitions": str(partitions[name]), **configurations[name]} for name in names}
    raise AssertionError  # the last attempt returns or raises


async def _partitions(admin: Any, names: Sequence[str]) -> dict[str, int]:  # noqa: ANN401 -- aiokafka has no types
    described = await _described(admin, names)
    for one in described:
        if one["error_code"]:
            raise for_code(one["error_code"])(one["topic"])
    return {one["topic"]: len(one["partitions"]) for one in described}


async def _described(admin: Any, names: Sequence[str]) -> Sequence[Mapping[str, Any]]:  # noqa: ANN401 -- aiokafka has no types
    """What the cluster says of each of these topics, there or not."""
    asked = MetadataRequest(list(names), allow_auto_topic_creation=False)
    answer = await admin._send_request(asked)  # noqa: SLF001 -- its own questions let the broker create what is missing
    described: Sequence[Mapping[str, Any]] = answer.to_object()["topics"]
    return described


async def _configurations(admin: Any, names: Sequence[str]) -> dict[str, dict[str, str]]:  # noqa: ANN401 -- aiokafka has no types
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    found: dict[str, dict[str, str]] = {}
    for answer in await admin.describe_configs(resources):
        for code, _said, _type, name, entries in answer.resources:
            if code:
                raise UnknownTopicOrPartitionError(name)
            found[name] = {entry[0]: entry[1] for entry in entries}
    return found


def _verify(rule: TopicRule, found: Mapping[str, str]) -> None:
    wanted = {"partitions": rule.partitions, "cleanup.policy": "delete", "retention.ms": rule.retention_ms}
    wrong = _differences({name: str(value) for name, value in wanted.items()}, found)
    if wrong:
        raise TopicMismatchError(
            f"the topic {rule.topic} is not as it must be: {', '.join(wrong)}; correct it, or name another topic prefix"
        )


def _differences(wanted: Mapping[str, str], found: Mapping[str, str]) -> Sequence[str]:
    return [f"{name} is {found[name]}, not {value}" for name, value in wanted.items() if found[name] != value]
