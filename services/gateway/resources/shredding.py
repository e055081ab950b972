"""Shreddings as the HTTP API takes and shows them."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from contracts.values import Name
from services.gateway.resources.backups import Failure
from services.gateway.resources.shapes import Asked, Resource


class NewShredding(Asked):
    """All backups of an environment to be made unreadable; `confirm_name` is its name, said once more."""

    confirm_name: Name


class ShreddingRemains(Resource):
    """What is left of shredded backups, unreadable: packs until they are reclaimed, tombstones, the log.

    `packs_until` is the earliest instant; what the log says stays for ever.
    """

    packs: int
    bytes: int
    packs_until: datetime
    tombstones: int
    tombstones_until: datetime


class Shredding(Resource):
    """How an environment's backups are made unreadable for good, or were; `left` is what there was at its end.

    `backup_count` were completed when it was asked for. `first_format_objects` were not encrypted, and are removed. One
    that failed is asked for again; some of its backups may be unreadable already.
    """

    shred_id: UUID
    state: Literal["running", "completed", "failed"]
    requested_at: datetime
    requested_by: str
    backup_count: int
    failed_count: int
    shredded_at: datetime | None = None
    keys_destroyed: int | None = None
    first_format_objects: int | None = None
    left: ShreddingRemains | None = None
    failure: Failure | None = None
