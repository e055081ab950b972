"""What findings mean for a restore: which of them end it, and under which code; which become its warnings."""

from collections.abc import Iterable, Sequence
from typing import Final

from contracts.errors import FailureCode
from contracts.values import Finding, Severity, Warning  # noqa: A004 -- the product's word

CODES: Final = {
    "ROLE_IS_SUPERUSER": FailureCode.MISSING_RIGHTS,
    "MAINTENANCE_DATABASE": FailureCode.MISSING_RIGHTS,
    "PREPARED_TRANSACTIONS": FailureCode.DATABASE_UNREACHABLE,
}
"""Findings whose code is none of a failure's."""
PASSING: Final = frozenset({"OPEN_SESSIONS"})
"""Found before, told after: RestoreCompleted names the sessions that were ended."""


def failure(findings: Iterable[Finding]) -> tuple[FailureCode, str] | None:
    """Code and reason of a restore that these findings end; None when nothing stands in the way.

    The code is the first error's; the reason tells all of them, so that nobody has to try again for the next one.
    """
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if not errors:
        return None
    return _code(errors[0].code), "; ".join(finding.message for finding in errors)


def warnings(findings: Iterable[Finding]) -> tuple[Warning, ...]:
    """The warnings among findings, as the end of a restore tells them."""
    return tuple(
        Warning(code=finding.code, message=finding.message, examples=(finding.subject,) if finding.subject else ())
        for finding in findings
        if finding.severity is Severity.WARNING and finding.code not in PASSING
    )


def from_warnings(said: Sequence[Warning]) -> tuple[Finding, ...]:
    """What the catalog told a preflight, as findings; what would refuse a restore now stands in its way."""
    return tuple(
        Finding(
            code=warning.code,
            severity=Severity.WARNING if warning.code == "OLDER_MODEL_VERSION" else Severity.ERROR,
            message=warning.message,
        )
        for warning in said
    )


def _code(code: str) -> FailureCode:
    known = {each.value for each in FailureCode}
    return FailureCode(code) if code in known else CODES.get(code, FailureCode.UNSUPPORTED_CONTENT)
