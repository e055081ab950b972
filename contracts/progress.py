"""How far a job has come, for whoever watches it; never in the log."""

from uuid import UUID

from contracts.envelope import Progress


class JobProgressed(Progress):
    """One look at a running job, at most one a second.

    `entity` is `backup`, `restore`, `check` or `archive`; `step` counts from 1. Totals are None where they are not
    known yet. `seconds_left` is an estimate for the whole job. `trouble` is why it waits instead of going on.
    """

    entity: str
    entity_id: UUID
    environment_id: UUID
    step: int
    steps: int
    sentence: str
    bytes_done: int = 0
    bytes_total: int | None = None
    documents_done: int = 0
    documents_total: int | None = None
    bytes_per_second: float | None = None
    seconds_left: float | None = None
    trouble: str | None = None
