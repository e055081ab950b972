"""Which documents dangle and which are orphans, found without Nightkeep, and whether its report says the same."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contracts.values import Warning  # noqa: A004 -- the product's word
from infra.demo.evidence import Evidence, Kind, of_kind
from infra.sample import SampleEnvironment
from infra.sample.registration import DOCUMENTS_QUERY

NAMED: Final = 10
"""A report names all up to so many."""


@dataclass(frozen=True)
class References:
    """Documents by what is wrong with them: `dangling` ones have a row and no file, `orphans` a file and no row."""

    dangling: tuple[str, ...]
    orphans: tuple[str, ...]


def look_at_references(environment: SampleEnvironment, evidence: Evidence) -> References:
    """Join what the rows name with the documents that the evidence has. Raises SampleError."""
    named = {line.split("\t")[0] for line in environment.psql.query(DOCUMENTS_QUERY).splitlines()}
    files = {Path(name).name for name, _ in of_kind(evidence, Kind.DOCUMENT)}
    return References(tuple(sorted(named - files)), tuple(sorted(files - named)))


def misreported(references: References, warnings: Sequence[Warning]) -> Iterator[str]:
    """A sentence for each way in which a backup's warnings do not say what is so."""
    told = {warning.code: warning for warning in warnings}
    yield from _misreported("dangling references", references.dangling, told.get("DANGLING_REFERENCES"))
    yield from _misreported("orphans", references.orphans, told.get("ORPHAN_DOCUMENTS"))


def _misreported(what: str, documents: Sequence[str], warning: Warning | None) -> Iterator[str]:
    count, examples = (warning.count, warning.examples) if warning else (0, ())
    if count != len(documents):
        yield f"there are {len(documents)} {what}, the report counts {count}"
    if wrong := [name for name in examples if name not in documents]:
        yield f"the report says that these are {what}, and they are not: {', '.join(wrong)}"
    if len(documents) <= NAMED and (silent := sorted(set(documents) - set(examples))):
        yield f"the report does not name these {what}: {', '.join(silent)}"
