"""Changes of policies, as the log tells of them, and where they have come with the backups that there were."""

from typing import Final

from tests.history.checks.folds.folding import folded, of
from tests.history.evidence import Evidence, Json, Record

WANTED: Final = ("app_id", "policy_change_id", "environment_id", "policy")
SIMULATED: Final = ("requested_at", "environment_ids", "digest", "not_before", "effect")
NOT_YET: Final[Json] = {
    **dict.fromkeys((*SIMULATED, "applied_policy", "reached", "approved_by", "withdrawn_by", "applied_at")),
    "application": "none",
    "environment_ids": [],
    "changed_count": 0,
}


def rows(evidence: Evidence) -> dict[str, Json]:
    """By id."""
    return folded(evidence, "policy_change_id", "PolicyChanged", _begun, _on)


def _begun(record: Record) -> Json:
    by = record.headers["ce_actor"].removeprefix("user:")
    return NOT_YET | of(record, WANTED) | {"changed_at": record.headers["ce_time"], "changed_by": by}


def _on(record: Record, change: Json) -> Json:
    match record.name:
        case "PolicyApplicationRequested":
            return of(record, SIMULATED) | {"application": "waiting", "applied_policy": record.data["policy"]}
        case "PolicyChangeApproved":
            return of(record, ("approved_by",)) | {"application": "approved"}
        case "PolicyChangeWithdrawn":
            return of(record, ("withdrawn_by",)) | {"application": "withdrawn"}
        case "BackupExpiryChanged":
            return {"changed_count": change["changed_count"] + 1, "reached": record.data["environment_id"]}
        case "PolicyChangeApplied":
            return {"application": "applied", "applied_at": record.headers["ce_time"]}
    return {}
