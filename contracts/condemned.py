"""What a reclaim publishes before it removes anything, and what was found damaged (contracts/FORMAT.md, "Reclaim")."""

from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from contracts.values import Value

CONDEMNED_AT_ONCE: Final = 10_000
"""Objects named in one part: however much is condemned, neither side holds all of it in memory."""

ObjectPlace = Annotated[
    str, StringConstraints(pattern=r"^(content/[0-9a-f]{2}/[0-9a-f]{64}|packs/[0-9a-f]{2}/[0-9a-f-]{36})$")
]
"""A key below the environment's prefix, and never one of a manifest: what is read here is removed."""


class CondemnedPart(Value):
    """Objects that nothing referred to when the mark was made; a new backup must not build upon them."""

    format: Literal["nightkeep-condemned"] = "nightkeep-condemned"
    version: Literal[1] = 1
    mark_id: UUID
    environment_id: UUID
    objects: tuple[ObjectPlace, ...]


class DamagedPacks(Value):
    """Packs that do not hold what they should: a new backup must not build upon them, and stores it again."""

    format: Literal["nightkeep-damaged"] = "nightkeep-damaged"
    version: Literal[1] = 1
    environment_id: UUID
    packs: tuple[UUID, ...]


class Condemnation(Value):
    """The last object of a mark: put when all its parts are there and the begun backups have been listed.

    `waits_for` are the backups that had begun by then and were not decided; nothing is removed before they are.
    """

    format: Literal["nightkeep-condemnation"] = "nightkeep-condemnation"
    version: Literal[1] = 1
    mark_id: UUID
    environment_id: UUID
    condemned_at: AwareDatetime
    contents: Annotated[int, Field(ge=0)]
    bytes: Annotated[int, Field(ge=0)]
    waits_for: tuple[UUID, ...]
