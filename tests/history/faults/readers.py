"""Faults of the read model."""

from typing import Final

from tests.history.evidence import Evidence, Json
from tests.history.faults.tampering import Fault, an_id, at


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


def a_row_that_still_runs(evidence: Evidence) -> None:
    _shelf(evidence)["run_state"] = "running"


def a_platform_that_is_being_asked_still(evidence: Evidence) -> None:
    _shelf(evidence)["hook_call"] = evidence.events[at(evidence, "HookCallRequested", -1)].data


def a_check_that_found_something_else(evidence: Evidence) -> None:
    _first(evidence, "environment")["check"]["state"] = "failed"


def a_shredding_that_goes_on(evidence: Evidence) -> None:
    shredded = evidence.events[at(evidence, "BackupsShredded")].data["environment_id"]
    evidence.rows["environment"][shredded]["shredding"]["state"] = "running"


def a_backup_that_keeps_an_environment_busy_still(evidence: Evidence) -> None:
    _first(evidence, "environment")["active_backups"].append(an_id(4))


def a_backup_with_another_expiry(evidence: Evidence) -> None:
    _first(evidence, "backup")["expires_at"] = "2001-01-01T00:00:00Z"


def a_backup_that_is_kept_for_ever(evidence: Evidence) -> None:
    _first(evidence, "backup")["expires_at"] = None


def a_restore_in_another_state(evidence: Evidence) -> None:
    _first(evidence, "restore")["state"] = "undone"


def a_restore_that_can_be_undone_still(evidence: Evidence) -> None:
    over = evidence.events[at(evidence, "RestoreGraceEnded")].data["restore_id"]
    evidence.rows["restore"][over]["undo_state"] = "possible"


def a_restore_that_failed_when_it_had_completed(evidence: Evidence) -> None:
    _first(evidence, "restore")["failure"] = {"code": "CANCELLED", "reason": "cancelled by Ada", "retryable": False}


def a_restore_that_is_being_cancelled(evidence: Evidence) -> None:
    _first(evidence, "restore")["cancel_requested"] = True


def _shelf(evidence: Evidence) -> Json:
    """The environment whose platform was asked."""
    return evidence.rows["environment"][evidence.events[at(evidence, "HookAnswered")].data["environment_id"]]


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
    a_row_that_still_runs: {"read model and log disagree"},
    a_platform_that_is_being_asked_still: {"read model and log disagree"},
    a_check_that_found_something_else: {"read model and log disagree"},
    a_shredding_that_goes_on: {"read model and log disagree"},
    a_backup_that_keeps_an_environment_busy_still: {"read model and log disagree"},
    a_backup_with_another_expiry: {"read model and log disagree"},
    a_backup_that_is_kept_for_ever: {"read model and log disagree"},
    a_restore_in_another_state: {"read model and log disagree"},
    a_restore_that_can_be_undone_still: {"read model and log disagree"},
    a_restore_that_failed_when_it_had_completed: {"read model and log disagree"},
    a_restore_that_is_being_cancelled: {"read model and log disagree"},
}
