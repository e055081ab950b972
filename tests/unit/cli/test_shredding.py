"""Who shreds waits for the shredding that was asked for, not for one that was before."""

from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from services.cli.retention_calls import RetentionCalls
from services.gateway.resources import Shredding

ENVIRONMENT_ID = UUID(int=5)


def shown(number: int, state: Literal["running", "completed", "failed"]) -> Shredding:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    counts = {"backup_count": 1, "failed_count": 0}
    return Shredding(shred_id=UUID(int=number), state=state, requested_at=at, requested_by="ada", **counts)


class Answering(RetentionCalls):
    """Shows one after the other."""

    def __init__(self, *answers: Shredding) -> None:
        self._answers = iter(answers)

    def shredding(self, environment_id: UUID) -> Shredding:
        assert environment_id == ENVIRONMENT_ID
        return next(self._answers)


def test_an_earlier_one_that_is_still_shown_is_not_the_end() -> None:
    calls = Answering(shown(1, "failed"), shown(2, "running"), shown(1, "completed"), shown(2, "completed"))
    ended = calls.wait_for_shredding(ENVIRONMENT_ID, UUID(int=2), timeout_seconds=30)
    assert ended == shown(2, "completed")
