"""The one import of aiokafka, how it connects, and its errors by our names."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiokafka import (  # type: ignore[import-untyped]  # -- aiokafka has no types
    AIOKafkaConsumer,
    AIOKafkaProducer,
    ConsumerRebalanceListener,
    TopicPartition,
)
from aiokafka.admin import (  # type: ignore[import-untyped]  # -- aiokafka has no types
    AIOKafkaAdminClient,
    NewTopic,
)
from aiokafka.admin.config_resource import (  # type: ignore[import-untyped]  # -- aiokafka has no types
    ConfigResource,
    ConfigResourceType,
)
from aiokafka.errors import (  # type: ignore[import-untyped]  # -- aiokafka has no types
    CommitFailedError,
    IllegalStateError,
    InvalidReplicationFactorError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordTooLargeError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
    for_code,
)
from aiokafka.partitioner import murmur2  # type: ignore[import-untyped]  # -- aiokafka has no types
from aiokafka.protocol.metadata import MetadataRequest  # type: ignore[import-untyped]  # -- aiokafka has no types

from services.platform.messaging.errors import BrokerUnavailableError
from services.platform.process.settings import KafkaSettings

__all__ = [
    "AIOKafkaAdminClient",
    "AIOKafkaConsumer",
    "AIOKafkaProducer",
    "CommitFailedError",
    "ConfigResource",
    "ConfigResourceType",
    "ConsumerRebalanceListener",
    "IllegalStateError",
    "InvalidReplicationFactorError",
    "KafkaError",
    "MessageSizeTooLargeError",
    "MetadataRequest",
    "NewTopic",
    "RecordTooLargeError",
    "TopicAlreadyExistsError",
    "TopicAuthorizationFailedError",
    "TopicPartition",
    "UnknownTopicOrPartitionError",
    "broker_errors",
    "connection_options",
    "for_code",
    "murmur2",
]


def connection_options(settings: KafkaSettings) -> dict[str, Any]:
    """What every client of aiokafka needs to connect."""
    return {
        "bootstrap_servers": settings.bootstrap_servers,
        "security_protocol": settings.security_protocol,
        "ssl_context": ssl_context(settings),
        **_credentials(settings),
    }


def ssl_context(settings: KafkaSettings) -> ssl.SSLContext | None:
    """The broker's certificate is verified, by the given authorities or the system's; None without TLS."""
    if settings.security_protocol not in ("SSL", "SASL_SSL"):
        return None
    return ssl.create_default_context(cafile=settings.ca_file)


def _credentials(settings: KafkaSettings) -> dict[str, Any]:
    if not settings.security_protocol.startswith("SASL"):
        return {}
    return {
        "sasl_mechanism": settings.sasl_mechanism,
        "sasl_plain_username": settings.username,
        "sasl_plain_password": settings.password.get_secret_value() if settings.password else None,
    }


@contextmanager
def broker_errors(doing: str) -> Iterator[None]:
    """Raises what the driver says while `doing` as BrokerUnavailableError."""
    try:
        yield
    except (KafkaError, OSError, TimeoutError) as error:
        raise BrokerUnavailableError(f"Kafka did not let us {doing}: {error or type(error).__name__}") from error
