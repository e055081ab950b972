"""Counts what a backup met, and keeps a few names of it."""

from dataclasses import dataclass, field
from typing import Final

EXAMPLES: Final = 10
"""A warning names so many; the lists in the repository have all."""


@dataclass
class Sightings:
    """How many there were, and the first few."""

    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        """One more."""
        self.count += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(name)

    def add_all(self, others: "Sightings") -> None:
        """Those as well."""
        self.count += others.count
        self.examples += others.examples[: EXAMPLES - len(self.examples)]
