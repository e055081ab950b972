"""The words of what a look at a database finds: each says what is wrong and what to do."""

from collections.abc import Sequence
from typing import Final

from contracts.values import Finding, Severity
from services.platform.process.errors import NightkeepError

NAMED: Final = 5
"""So many examples stand in a finding; the rest is counted."""


def of_error(error: NightkeepError, subject: str) -> Finding:
    """What a failed attempt says."""
    return Finding(code=error.code.value, severity=Severity.ERROR, subject=subject, message=error.reason)


def error(code: str, message: str, subject: str = "") -> Finding:
    """Something that stands in the way."""
    return Finding(code=code, severity=Severity.ERROR, subject=subject, message=message)


def warning(code: str, message: str, subject: str = "") -> Finding:
    """Something that a person should know."""
    return Finding(code=code, severity=Severity.WARNING, subject=subject, message=message)


def info(code: str, message: str, subject: str = "") -> Finding:
    """Something that is as it is."""
    return Finding(code=code, severity=Severity.INFO, subject=subject, message=message)


def passed(findings: Sequence[Finding]) -> bool:
    """Whether nothing stands in the way."""
    return all(finding.severity is not Severity.ERROR for finding in findings)


def some(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
