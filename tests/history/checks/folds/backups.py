"""Backups, as the log tells of them."""

from collections import Counter
from datetime import UTC, date, datetime
from typing import Final

from tests.history.checks.folds.folding import failure, later, moved, of, updated
from tests.history.evidence import Evidence, Json, Record

RULE: Final = ("policy", "policy_version", "rule_version", "windows", "expires_at")
REQUESTED: Final = (
    "app_id", "environment_id", "kind", "created_by", "comment", "model_version", "slot_date", "calendar_offset",
    "created_at", "tiers", "slot", "fills_gap", "recovered_at", *RULE,
)  # fmt: skip
COMPLETED: Final = (
    "finished_at", "manifest_key", "manifest_hash", "stored_bytes", "database", "files", "restore_point", "references",
    "dangling_count", "orphan_count",
)  # fmt: skip
NOT_YET: Final[Json] = {
    **dict.fromkeys((*COMPLETED, "started_at", "failure", "pinned_reason")),
    **dict.fromkeys(("pinned", "cancel_requested", "erase"), False),
    "warnings": [],
    "leases": [],
    "held": [],
}
LET_GO: Final[Json] = {"leases": [], "held": []}
FAILED_KEPT_DAYS: Final = 14
LISTED: Final = frozenset({"queued", "running", "completed", "failed"})
MOVED_AT: Final = {
    "BackupStarted": "started_at",
    "BackupCompleted": "finished_at",
    "BackupFailed": "finished_at",
    "BackupExpired": "expired_at",
    "BackupDeletionRequested": "requested_at",
    "BackupDeleted": "deleted_at",
}


def rows(evidence: Evidence) -> dict[str, Json]:
    """By id."""
    return moved(evidence, "backup_id", "BackupRequested", _begun, _on)


def by_day(evidence: Evidence) -> dict[str, Json]:
    """How many of an environment are in the list, by the day (UTC) on which they were made."""
    listed = [one for one in rows(evidence).values() if one["state"] in LISTED]
    days = Counter(f"{one['environment_id']}/{_day(one['created_at'])}" for one in listed)
    return {day: {"backups": count} for day, count in days.items()}


def _day(instant: str) -> date:
    return datetime.fromisoformat(instant).astimezone(UTC).date()


def _begun(record: Record) -> Json:
    return NOT_YET | of(record, REQUESTED) | {"updated_at": record.data["created_at"]}


def _on(record: Record, backup: Json) -> Json:
    told = updated(record, MOVED_AT)
    return told | _said(record) | _worked(record, backup) | _held(record, backup) | _gone(record)


def _said(record: Record) -> Json:
    match record.name:
        case "BackupCommented":
            return of(record, ("comment",))
        case "BackupPinned":
            return {"pinned": True, "pinned_reason": record.data["reason"]}
        case "BackupUnpinned":
            return {"pinned": False, "pinned_reason": None}
        case "BackupCancelRequested":
            return {"cancel_requested": True}
    return {}


def _worked(record: Record, backup: Json) -> Json:
    match record.name:
        case "BackupStarted":
            return of(record, ("started_at",))
        case "BackupCompleted":
            return of(record, (*COMPLETED, "warnings"))
        case "BackupFailed":  # it falls into no tier
            kept = {"windows": [], "expires_at": later(backup["created_at"], days=FAILED_KEPT_DAYS)}
            return of(record, ("finished_at",)) | failure(record) | kept
    return {}


def _held(record: Record, backup: Json) -> Json:
    match record.name:
        case "ExpiryHeld":
            return {"held": record.data["blockers"]}
        case "ExpiryReleased":
            return {"held": []}
        case "LeaseAcquired":
            lease = record.data["lease"]
            return {"leases": [*_without(backup, lease["lease_id"]), lease]}
        case "LeaseReleased":
            return {"leases": _without(backup, record.data["lease_id"])}
    return {}


def _without(backup: Json, lease_id: str) -> list[Json]:
    return [one for one in backup["leases"] if one["lease_id"] != lease_id]


def _gone(record: Record) -> Json:
    match record.name:
        case "BackupExpiryChanged":
            return of(record, RULE) | {"held": []}
        case "BackupExpired":
            return LET_GO
        case "BackupDeletionRequested":
            return LET_GO | of(record, ("erase",))
        case "BackupErasureRequested":
            return {"erase": True}
    return {}
