"""The four topics: what they hold and how long (spec: messages, "On the wire")."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from contracts import defaults

DAY_MS: Final = 24 * 60 * 60 * 1000
HOUR_MS: Final = 60 * 60 * 1000
FOR_EVER: Final = -1

PLATFORM_KEY: Final = "platform"
"""The key of what belongs to no app."""


class Topic(StrEnum):
    """A topic's name behind the prefix (`nightkeep.` unless a setting says otherwise)."""

    COMMANDS = "commands"
    EVENTS = "events"
    PROGRESS = "progress"
    DEAD_LETTERS = "dead-letters"

    def named(self, prefix: str = "nightkeep") -> str:
        """The full name on the broker."""
        return f"{prefix}.{self.value}"


@dataclass(frozen=True)
class TopicRule:
    """How a topic is created. Never compacted: compaction destroys history."""

    topic: Topic
    holds: str
    partitions: int
    retention_ms: int


RULES: Final = (
    TopicRule(Topic.COMMANDS, "requests", defaults.PARTITIONS, defaults.COMMANDS_KEPT_DAYS * DAY_MS),
    TopicRule(Topic.EVENTS, "the log", defaults.PARTITIONS, FOR_EVER),
    TopicRule(Topic.PROGRESS, "throttled progress, never in the log", 1, defaults.PROGRESS_KEPT_HOURS * HOUR_MS),
    TopicRule(Topic.DEAD_LETTERS, "refused bytes, origin, error", 1, defaults.DEAD_LETTERS_KEPT_DAYS * DAY_MS),
)
