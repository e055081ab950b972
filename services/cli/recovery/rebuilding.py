"""What became of each environment's backups when a catalog was rebuilt from the bucket."""

from uuid import UUID

from pydantic import BaseModel


class NotRecovered(BaseModel):
    """A backup that is in the bucket, and why it is not in the catalog."""

    backup_id: UUID
    reason: str


class RebuiltEnvironment(BaseModel):
    """How many `backups` of one environment the bucket holds, and what became of them.

    Where it is not `registered`, nothing did; `name` and `app_id` are those that its newest manifest tells, if any
    can be read. Of those `recovered` so many are `pinned` whose time was over: each goes when it is unpinned.
    """

    environment_id: UUID
    app_id: UUID | None
    name: str | None
    backups: int
    registered: bool = False
    recovered: int = 0
    pinned: int = 0
    there_already: int = 0
    not_recovered: list[NotRecovered] = []
