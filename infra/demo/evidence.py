"""What a database and its documents hold, as facts that two places can be compared by; pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from enum import StrEnum
from typing import Final

ADDED_MARKS: Final = ("+++", "---", "@@")


class Kind(StrEnum):
    """What a fact is about."""

    TABLE = "table"
    """Rows, and a checksum over all of their columns that does not depend on their order; materialised views too."""
    SEQUENCE = "sequence"
    LARGE_OBJECT = "large object"
    STRUCTURE = "structure"
    """A definition, as pg_dump says it, with its owner and grants."""
    DOCUMENT = "document"


@dataclass(frozen=True, order=True)
class Subject:
    """A thing with a name."""

    kind: Kind
    name: str


@dataclass(frozen=True)
class Fact:
    """How much of it there is (rows or bytes; None where that has no meaning), and its checksum, value or text."""

    size: int | None
    value: str


Evidence = Mapping[Subject, Fact]
"""Everything that is known of one place at one time."""


@dataclass(frozen=True)
class Difference:
    """Something that is not what it should be; None where it is missing."""

    subject: Subject
    expected: Fact | None
    found: Fact | None

    def __str__(self) -> str:
        """One sentence that names it."""
        what = f"{self.subject.kind} {self.subject.name}"
        if self.found is None:
            return f"{what} is missing"
        if self.expected is None:
            return f"{what} does not belong there"
        if self.subject.kind is Kind.STRUCTURE:
            return f"{what} differs: {_changed_lines(self.expected.value, self.found.value)}"
        return f"{what} differs: {_said(self.expected)} were backed up, {_said(self.found)} are there"


def compare(expected: Evidence, found: Evidence) -> tuple[Difference, ...]:
    """Every difference, by kind and name; nothing is left out and nothing is rounded."""
    subjects = sorted(expected.keys() | found.keys())
    return tuple(
        Difference(subject, expected.get(subject), found.get(subject))
        for subject in subjects
        if expected.get(subject) != found.get(subject)
    )


def of_kind(evidence: Evidence, kind: Kind) -> Iterator[tuple[str, Fact]]:
    """The names and facts of one kind, by name."""
    return ((subject.name, evidence[subject]) for subject in sorted(evidence) if subject.kind is kind)


def total_size(evidence: Evidence, kind: Kind) -> int:
    """Rows or bytes of one kind, together."""
    return sum(fact.size or 0 for _, fact in of_kind(evidence, kind))


def _said(fact: Fact) -> str:
    return fact.value if fact.size is None else f"{fact.size:,} ({fact.value[:16]}…)"


def _changed_lines(expected: str, found: str) -> str:
    lines = unified_diff(expected.splitlines(), found.splitlines(), n=0, lineterm="")
    return " ".join(line.strip() for line in lines if not line.startswith(ADDED_MARKS))[:400]
