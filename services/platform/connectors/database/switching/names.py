"""The names of the databases that a restore makes, and the mark that tells a takeover whether the switch happened."""

import re
from typing import Final
from uuid import UUID

_MARK: Final = re.compile(r" \[nightkeep restore ([0-9a-f-]{36})\]$")


def beside(restore_id: UUID, epoch: int) -> str:
    """The new database of one attempt: at most 63 bytes, as PostgreSQL's names are."""
    return f"{_prefix(restore_id)}{epoch}"


def epoch_in(name: str) -> int:
    """The attempt that a database of `beside` is of."""
    return int(name.rpartition("_")[2])


def previous(restore_id: UUID) -> str:
    """What the live database is called after the switch."""
    return f"{_prefix(restore_id)}previous"


def undone(restore_id: UUID) -> str:
    """What the restored database is called after an undo."""
    return f"{_prefix(restore_id)}undone"


def pattern(restore_id: UUID) -> str:
    """The databases of all attempts at a restore, as a regular expression."""
    return f"^{_prefix(restore_id)}[0-9]+$"


def marked(comment: str | None, restore_id: UUID) -> str:
    """The live database's comment as the new one gets it; the mark of an earlier restore gives way."""
    return f"{unmarked(comment)} [nightkeep restore {restore_id}]"


def unmarked(comment: str | None) -> str:
    """A comment without a mark."""
    return _MARK.sub("", comment or "")


def restore_in(comment: str | None) -> UUID | None:
    """The restore that a database came to its place by."""
    found = _MARK.search(comment or "")
    return UUID(found[1]) if found else None


def _prefix(restore_id: UUID) -> str:
    return f"nightkeep_{restore_id.hex}_"
