"""The documents' share of a look before a restore."""

from collections.abc import Sequence

from contracts.errors import FailureCode
from contracts.values import Finding, Severity
from services.platform.connectors.files import NOT_WRITABLE
from services.restore.documents.difference import Difference

_MIB = 1024**2


def findings_of(checked: Sequence[Finding], difference: Difference, free_bytes: int | None) -> tuple[Finding, ...]:
    """What a check found, judged for a destination: there, not being able to write stands in the way."""
    found = [_for_a_destination(finding) for finding in checked]
    if short := shortage(difference, free_bytes):
        found.append(Finding(code=FailureCode.NO_SPACE, severity=Severity.ERROR, message=short, subject="documents"))
    return tuple(found)


def _for_a_destination(finding: Finding) -> Finding:
    if finding.code != NOT_WRITABLE:
        return finding
    return finding.model_copy(update={"code": FailureCode.MISSING_RIGHTS, "severity": Severity.ERROR})


def shortage(difference: Difference, free_bytes: int | None) -> str | None:
    """What is lacking, in words; None where it fits in, or where nobody knows."""
    if free_bytes is None or difference.new_bytes <= free_bytes:
        return None
    return (
        f"{difference.new_bytes / _MIB:.0f} MiB of documents must be added and {free_bytes / _MIB:.0f} MiB are free: "
        f"make room, what is set aside stays until the grace ends"
    )
