"""Faults of the read model."""

from typing import Final

from tests.history.evidence import Evidence, Json
from tests.history.faults.tampering import Fault, an_id


def a_row_that_is_missing(evidence: Evidence) -> None:
    evidence.rows["backup"].popitem()


def a_row_of_nothing(evidence: Evidence) -> None:
    evidence.rows["restore"][an_id(4)] = {}


def a_row_with_another_state(evidence: Evidence) -> None:
    _first(evidence, "backup")["state"] = "running"


def a_row_with_another_comment(evidence: Evidence) -> None:
    _first(evidence, "backup")["comment"] = "not what was said"


def an_app_with_another_name(evidence: Evidence) -> None:
    _first(evidence, "app")["name"] = "not what was said"


def an_app_that_forgot_an_environment(evidence: Evidence) -> None:
    _first(evidence, "app")["environments"].popitem()


def an_upload_that_is_missing(evidence: Evidence) -> None:
    evidence.rows["upload"].popitem()


def an_upload_that_failed_when_it_had_completed(evidence: Evidence) -> None:
    _first(evidence, "upload")["state"] = "failed"


def an_upload_of_other_bytes(evidence: Evidence) -> None:
    _first(evidence, "upload")["size_bytes"] += 1


def a_night_that_is_missing(evidence: Evidence) -> None:
    evidence.rows["slot"].popitem()


def a_night_that_ended_otherwise(evidence: Evidence) -> None:
    _first(evidence, "slot")["state"] = "completed"


def a_night_at_another_time(evidence: Evidence) -> None:
    _first(evidence, "slot")["due_at"] = "2001-01-01T00:00:00Z"


def _first(evidence: Evidence, table: str) -> Json:
    return next(iter(evidence.rows[table].values()))


FAULTS: Final[dict[Fault, set[str]]] = {
    a_row_that_is_missing: {"read model and log disagree"},
    a_row_of_nothing: {"read model and log disagree"},
    a_row_with_another_state: {"read model and log disagree"},
    a_row_with_another_comment: {"read model and log disagree"},
    an_app_with_another_name: {"read model and log disagree"},
    an_app_that_forgot_an_environment: {"read model and log disagree"},
    an_upload_that_is_missing: {"read model and log disagree"},
    an_upload_that_failed_when_it_had_completed: {"read model and log disagree"},
    an_upload_of_other_bytes: {"read model and log disagree"},
    a_night_that_is_missing: {"read model and log disagree"},
    a_night_that_ended_otherwise: {"read model and log disagree"},
    a_night_at_another_time: {"read model and log disagree"},
}
