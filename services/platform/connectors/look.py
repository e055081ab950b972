"""What a look at one side of a restore brings home."""

from dataclasses import dataclass

from contracts.facts import UNKNOWN, Facts
from contracts.values import Finding


@dataclass(frozen=True)
class Look:
    """What stands in the way or should be known, and the facts that say so whatever was found."""

    findings: tuple[Finding, ...] = ()
    facts: Facts = UNKNOWN

    def beside(self, other: "Look") -> "Look":
        """Both looks as one."""
        return Look((*self.findings, *other.findings), self.facts.beside(other.facts))
