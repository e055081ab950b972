"""Histories that must not be, each made of a sound one by a small change, and the rules that must tell of it."""

from typing import Final

from tests.history.faults import bucket, leaks, log, readers, rows
from tests.history.faults.tampering import Fault

FAULTS: Final[dict[Fault, set[str]]] = {
    **log.FAULTS,
    **readers.FAULTS,
    **rows.FAULTS,
    **bucket.FAULTS,
    **leaks.FAULTS,
}
"""Each with rules that must tell of it; others may."""
