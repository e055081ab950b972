"""What the demo found out, as tables for a person and as one file with a line for everything that was compared."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from infra.demo.evidence import Difference, Evidence, Kind, Subject, of_kind, total_size
from infra.demo.story import Outcome
from infra.local.layout import SETTING
from infra.local.state import Status
from infra.sample.alterations import AlteredDocuments
from services.cli.show import details, formats
from services.cli.show.tables import Column, table
from services.gateway.resources import Backup

MOST_FAULTS: Final = 20
SUMMARISED: Final = {
    Kind.SEQUENCE: "sequences",
    Kind.LARGE_OBJECT: "large objects",
    Kind.STRUCTURE: "definitions, owners, grants",
    Kind.DOCUMENT: "documents",
}
REFERENCES: Final = {"DANGLING_REFERENCES": "dangling references", "ORPHAN_DOCUMENTS": "orphans"}
IDENTICAL: Final = Text("identical", style="green")
DIFFERENT: Final = Text("DIFFERENT", style="bold red")


def outcome(seen: Outcome) -> RenderableType:
    """All tables: the backup, the restore, and every table and kind of thing that was compared."""
    return Group(
        _heading("What was backed up"),
        details.backup(seen.backup),
        _reported(seen.backup),
        _heading("What was altered in production after that"),
        _altered(seen.altered),
        _heading("Where it was restored"),
        details.restore(seen.restore),
        _heading("What was there before, and what came back"),
        _compared(seen.expected, seen.found, seen.differences),
    )


def laps(steps: Sequence[tuple[str, float]]) -> RenderableType:
    """How long everything took."""
    rows = [(sentence, formats.span(seconds)) for sentence, seconds in steps]
    total = ("Together", formats.span(sum(seconds for _, seconds in steps)))
    return Group(_heading("How long it took"), table((Column("Step"), Column("Took", right=True)), [*rows, total]))


def verdict(seen: Outcome) -> RenderableType:
    """One sentence when all is well, else what is not."""
    faults = seen.faults()
    if not faults:
        amount = f"{_tables(seen.expected)} tables with {total_size(seen.expected, Kind.TABLE):,} rows"
        documents = f"{sum(1 for _ in of_kind(seen.expected, Kind.DOCUMENT)):,} documents"
        return Text(f"Identical: {amount} and {documents} are as they were before the backup.", style="bold green")
    more = [f"… and {len(faults) - MOST_FAULTS} more"] if len(faults) > MOST_FAULTS else []
    return Text(
        "\n".join(
            [f"Not identical, {len(faults)} {'fault' if len(faults) == 1 else 'faults'}:", *faults[:MOST_FAULTS], *more]
        ),
        style="bold red",
    )


def how_to_reach(status: Status, seen: Outcome) -> RenderableType:
    """What a person may try on a stack that stays."""
    lines = [
        *_endpoints(status),
        ("Try", f"export {SETTING}={status.data_dir}"),
        ("", "infra/bin/nightkeep env list"),
        ("", f"infra/bin/nightkeep backup show {seen.backup.backup_id}"),
        ("", f"infra/bin/nightkeep restore undo {seen.restore.restore_id}"),
        ("End", "infra/bin/nightkeep down --purge"),
    ]
    return Group(_heading("The stack stays up"), table((Column(""), Column("", firm=False)), lines))


def _endpoints(status: Status) -> Iterator[tuple[str, str]]:
    if status.endpoints and status.sample:
        yield "Gateway", status.endpoints.gateway_url
        yield "Its API", f"{status.endpoints.gateway_url}/docs"
        yield "Credentials", str(status.sample.credentials_file)
        yield "Kafka", status.endpoints.kafka_bootstrap_servers
        yield "S3", str(status.endpoints.s3_endpoint_url)
        yield "Their passwords", str(status.endpoints.connections_file)


def write_evidence(path: Path, expected: Evidence, found: Evidence) -> None:
    """A line for every table, sequence, large object, definition and document: what was there and what is there."""
    rows = (_line(subject, expected, found) for subject in sorted(expected.keys() | found.keys()))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("kind\tname\tsize\tbefore\tafter\n" + "".join(rows), encoding="utf-8")


def _line(subject: Subject, expected: Evidence, found: Evidence) -> str:
    before, after = expected.get(subject), found.get(subject)
    size = next((fact.size for fact in (before, after) if fact and fact.size is not None), "")
    values = (_checksum(subject, fact.value) if fact else "missing" for fact in (before, after))
    return "\t".join((subject.kind, subject.name, str(size), *values)) + "\n"


def _checksum(subject: Subject, value: str) -> str:
    """A definition is long: its hash stands for it."""
    return hashlib.sha256(value.encode()).hexdigest() if subject.kind is Kind.STRUCTURE else value


def _compared(expected: Evidence, found: Evidence, differences: Sequence[Difference]) -> RenderableType:
    changed = {difference.subject for difference in differences}
    columns = (
        Column("", firm=False),
        Column("Rows, bytes", right=True),
        Column("Before the backup"),
        Column("Restored"),
    )
    return table(columns, [*_per_table(expected, found, changed), *_per_kind(expected, changed)])


def _per_table(expected: Evidence, found: Evidence, changed: set[Subject]) -> Iterator[tuple[Text | str, ...]]:
    for name in sorted({name for evidence in (expected, found) for name, _ in of_kind(evidence, Kind.TABLE)}):
        subject = Subject(Kind.TABLE, name)
        fact = expected.get(subject)
        size = "" if fact is None or fact.size is None else f"{fact.size:,}"
        yield name, size, fact.value if fact else "missing", DIFFERENT if subject in changed else IDENTICAL


def _per_kind(expected: Evidence, changed: set[Subject]) -> Iterator[tuple[Text | str, ...]]:
    for kind, words in SUMMARISED.items():
        count = sum(1 for _ in of_kind(expected, kind))
        size = f"{total_size(expected, kind):,}" if total_size(expected, kind) else ""
        differing = sum(subject.kind is kind for subject in changed)
        came_back = Text(f"{differing:,} DIFFERENT", style="bold red") if differing else IDENTICAL
        yield f"{count:,} {words}", size, digest(expected, kind), came_back


def digest(evidence: Evidence, kind: Kind) -> str:
    """One checksum over all names and facts of a kind."""
    lines = (f"{name}\t{fact.size}\t{fact.value}\n" for name, fact in of_kind(evidence, kind))
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:32]


def _tables(evidence: Evidence) -> int:
    return sum(1 for _ in of_kind(evidence, Kind.TABLE))


def _reported(backup: Backup) -> RenderableType:
    """What the report says of documents and rows that do not fit, with every name that it gives."""
    told = [warning for warning in backup.warnings if warning.code in REFERENCES]
    rows = [(f"{warning.count} {REFERENCES[warning.code]}", "\n".join(warning.examples)) for warning in told]
    return table((Column("The report names"), Column("")), rows)


def _altered(documents: AlteredDocuments) -> RenderableType:
    """The rows are those of alterations.sql."""
    return Text(
        "Rows of six tables updated, inserted, deleted or truncated; large objects overwritten, removed and added;"
        " sequences moved on; a column and a table added; a view, a policy and an index dropped;"
        f" {documents.removed} documents removed, {documents.replaced} replaced, {documents.added} added.\n"
    )


def _heading(text: str) -> Text:
    return Text(f"\n{text}", style="bold underline")
