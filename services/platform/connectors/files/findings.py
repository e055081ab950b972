"""Findings about documents, in words that say what to do."""

from typing import Final

from contracts.values import Finding, Severity
from services.platform.process.errors import NightkeepError

NOT_WRITABLE: Final = "DOCUMENTS_NOT_WRITABLE"
FREE_SPACE: Final = "DOCUMENTS_FREE_SPACE"
_GIB: Final = 1024**3


def of_error(error: NightkeepError, subject: str) -> Finding:
    """What stands in the way."""
    return Finding(code=error.code, severity=Severity.ERROR, message=error.reason, subject=subject)


def free_space(free_bytes: int, subject: str) -> Finding:
    """How much more fits in."""
    return Finding(
        code=FREE_SPACE,
        severity=Severity.INFO,
        message=f"{free_bytes / _GIB:.1f} GiB are free for documents",
        subject=subject,
    )
