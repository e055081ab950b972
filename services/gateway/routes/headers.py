"""Names of our headers, and the addresses that answers point to."""

from typing import Final
from uuid import UUID

IDEMPOTENCY_HEADER: Final = "Idempotency-Key"
READ_LAG_HEADER: Final = "Nightkeep-Read-Lag"
"""Present when an answer may lack the newest changes; says what the read model has not reached."""


def location(kind: str, entity_id: UUID) -> str:
    """Where `kind` (`apps`, `backups`…) shows the thing with this id."""
    return f"/api/v1/{kind}/{entity_id}"
