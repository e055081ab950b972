"""Faults of the read model."""

from typing import Final

from tests.history.evidence import Evidence
from tests.history.faults.tampering import Fault, an_id


def a_row_that_is_missing(evidence: Evidence) -> None:
    evidence.rows["backup"].popitem()


def a_row_of_nothing(evidence: Evidence) -> None:
    evidence.rows["restore"][an_id(4)] = {}


def a_row_with_another_state(evidence: Evidence) -> None:
    next(iter(evidence.rows["backup"].values()))["state"] = "running"


def a_row_with_another_comment(evidence: Evidence) -> None:
    next(iter(evidence.rows["backup"].values()))["comment"] = "not what was said"


FAULTS: Final[dict[Fault, set[str]]] = {
    a_row_that_is_missing: {"read model and log disagree"},
    a_row_of_nothing: {"read model and log disagree"},
    a_row_with_another_state: {"read model and log disagree"},
    a_row_with_another_comment: {"read model and log disagree"},
}
