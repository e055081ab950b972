"""What a check of a repository tells."""

from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

MOST_TOLD: Final = 1000
"""Damages that are named; more are counted."""


@dataclass(frozen=True, slots=True)
class Damage:
    """Something that a backup needs and cannot have; `place` is a document's, or a stretch of the dump.

    `segment` is the number of the dump's content that is damaged, where it is one.
    """

    backup_id: UUID | None
    place: str
    reason: str
    segment: int | None = None


@dataclass
class Report:
    """What was looked at, and what was found; sound is no damage."""

    backups: int = 0
    packs: int = 0
    contents_read: int = 0
    bytes_read: int = 0
    damage_count: int = 0
    damages: list[Damage] = field(default_factory=list)
    damaged_packs: set[UUID] = field(default_factory=set)
    """Those that do not hold what they should, whether or not a backup needs just that and has it nowhere else."""

    def add(self, damage: Damage) -> None:
        """Note a damage."""
        self.damage_count += 1
        if len(self.damages) < MOST_TOLD:
            self.damages.append(damage)
