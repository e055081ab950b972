"""Creates the four topics as their rules say and refuses to run on others: a compacted log destroys history."""

from contracts import defaults
from services.platform.process.settings import KafkaSettings


async def ensure_topics(settings: KafkaSettings) -> None:
    """Creates what is missing (every service may, at once) and verifies what is there.

    Raises TopicMismatchError where partitions, retention or clean-up are not those of `contracts.topics`, and
    BrokerUnavailableError.
    """
    raise NotImplementedError


def partition_of(key: str, partitions: int = defaults.PARTITIONS) -> int:
    """The partition of commands and events that records with this key lie in."""
    raise NotImplementedError
