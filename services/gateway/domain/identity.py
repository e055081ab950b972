"""Ids that follow from a request, so that the same request repeated is the same command (architecture §2.7)."""

from typing import Final
from uuid import UUID, uuid5

NAMESPACE: Final = UUID("faffdb79-9182-4006-93f2-8ddf680908f5")
"""Drawn once; another one would make every repeated request a new command."""
KEY_CHARACTERS: Final = 255
"""Idempotency keys are UUIDs, ULIDs or names of jobs; all of them are shorter."""


def command_id(user: str, idempotency_key: str) -> UUID:
    """The id of the command that `user` asked for under this key."""
    return uuid5(uuid5(NAMESPACE, user), idempotency_key)


def created_id(command: UUID, entity: str) -> UUID:
    """The id of the `entity` (`app`, `backup`…) that a command creates."""
    return uuid5(command, entity)


def is_idempotency_key(text: str) -> bool:
    """Whether `text` can be one: printable ASCII without spaces at its ends, neither empty nor endless."""
    return 0 < len(text) <= KEY_CHARACTERS and text.isascii() and text.isprintable() and text == text.strip()
