"""The warnings of a completed backup, in words that say what they mean (spec: environments, "The backup")."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from contracts.values import Finding, Severity, Warning  # noqa: A004 -- the product's word
from services.snapshot.domain.sightings import Sightings


@dataclass
class Met:
    """What a backup met that a person should know."""

    strays: Sightings = field(default_factory=Sightings)
    duplicates: Sightings = field(default_factory=Sightings)
    taken_from_previous: Sightings = field(default_factory=Sightings)
    vanished: Sightings = field(default_factory=Sightings)
    dangling: Sightings = field(default_factory=Sightings)
    orphans: Sightings = field(default_factory=Sightings)
    other_sizes: Sightings = field(default_factory=Sightings)
    unnoticed: Sightings = field(default_factory=Sightings)
    previous_unreadable: str | None = None
    earlier_dump_unreadable: str | None = None


def warnings_of(met: Met, database: Sequence[Finding]) -> tuple[Warning, ...]:
    """Every warning of a backup: about its documents, then about what of its database a restore cannot bring back."""
    told = (
        ("DANGLING_REFERENCES", "rows refer to documents that were not there", met.dangling),
        ("ORPHAN_DOCUMENTS", "documents that no row refers to; they are in the backup", met.orphans),
        ("OTHER_SIZES", "documents whose size is not the one that their row says", met.other_sizes),
        (
            "CHANGED_UNNOTICED",
            "documents that changed in place, or behind their times; backups since then have their old content",
            met.unnoticed,
        ),
        ("STRAY_FILES", "files that are no documents, not named by a UUID; they are not in the backup", met.strays),
        ("DUPLICATE_DOCUMENTS", "further files of the same UUID; only the first is in the backup", met.duplicates),
        (
            "VANISHED_TAKEN_FROM_PREVIOUS",
            "documents that vanished during the backup; they were taken from the previous one",
            met.taken_from_previous,
        ),
        ("VANISHED_DOCUMENTS", "documents that vanished during the backup; they are not in it", met.vanished),
    )
    about_documents = tuple(_warning(code, message, seen) for code, message, seen in told if seen.count)
    return (*about_documents, *_about_previous(met), *(_of(finding) for finding in database if _tells(finding)))


def _warning(code: str, message: str, seen: Sightings) -> Warning:
    return Warning(code=code, message=message, count=seen.count, examples=tuple(seen.examples))


def _about_previous(met: Met) -> tuple[Warning, ...]:
    told = (
        (
            "PREVIOUS_UNREADABLE",
            "the previous backup's list could not be used, so every document was read",
            met.previous_unreadable,
        ),
        (
            "EARLIER_DUMP_UNREADABLE",
            "an earlier dump could not be built upon, so the whole dump was stored",
            met.earlier_dump_unreadable,
        ),
    )
    return tuple(Warning(code=code, message=f"{message}: {why}") for code, message, why in told if why)


def _tells(finding: Finding) -> bool:
    return finding.severity is not Severity.INFO


def _of(finding: Finding) -> Warning:
    return Warning(code=finding.code, message=finding.message, examples=(finding.subject,) if finding.subject else ())
