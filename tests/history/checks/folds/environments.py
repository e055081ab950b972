"""Environments, as the log tells of them: where they are, what runs there, what is under way, what was found."""

from collections.abc import Callable
from typing import Final

from tests.history.checks.folds import busy, gaps, platforms
from tests.history.checks.folds.folding import failure, folded, of
from tests.history.evidence import Evidence, Json, Record

DESCRIBED: Final = (
    "app_id", "name", "mode", "region", "cloud_version", "database", "files", "documents_query", "schedule", "hook",
)  # fmt: skip
STORED: Final = ("checked_at", "read_percent", "backups", "damage_count")
COUNTED: Final = ("bytes", "contents", "objects")
ASKED: Final = ("shred_id", "requested_at", "requested_by", "backup_count", "failed_count")
SHREDDED: Final = ("shredded_at", "keys_destroyed", "first_format_objects", "left")
NOT_YET: Final[Json] = {
    **platforms.NOT_YET,
    **busy.NOT_YET,
    **gaps.NOT_YET,
    **dict.fromkeys(("policy", "stored", "shredding", "stopped_sweep", "stopped_schedule")),
    "removed": False,
    "ever_passed": False,
    "reclaimed": dict.fromkeys(COUNTED, 0) | {"reclaimed_at": None},
}


def rows(evidence: Evidence) -> dict[str, Json]:
    """By id, without what only the fold itself has to know."""
    found = folded(evidence, "environment_id", "EnvironmentRegistered", _begun, _on)
    return {one: {name: row[name] for name in row.keys() - platforms.KEPT} for one, row in found.items()}


def _begun(record: Record) -> Json:
    return NOT_YET | of(record, DESCRIBED) | {"check": _looked_at(record)}


def _on(record: Record, environment: Json) -> Json:
    told: Json = {}
    for fold in FOLDS:
        told |= fold(record, environment)
    return told


def _described(record: Record, environment: Json) -> Json:
    match record.name:
        case "EnvironmentUpdated":
            same = record.data["check_id"] == environment["check"]["check_id"]
            return of(record, DESCRIBED) | ({} if same else {"check": _looked_at(record), "ever_passed": False})
        case "EnvironmentRemoved":
            return {"removed": True}
        case "PolicyChanged":
            return of(record, ("policy",))
    return {}


def _looked_at(record: Record) -> Json:
    """A look that has just begun."""
    nothing: Json = {"checked_at": None, "server_version": None, "findings": []}
    return of(record, ("check_id",)) | nothing | {"state": "running"}


def _checked(record: Record, environment: Json) -> Json:
    is_newest = record.data.get("check_id") == environment["check"]["check_id"]
    match record.name:
        case "EnvironmentCheckRequested" if not is_newest:
            return {"check": _looked_at(record)}
        case "EnvironmentChecked" if is_newest:
            passed = record.data["passed"]
            seen = of(record, ("check_id", "checked_at", "server_version", "findings"))
            state = "passed" if passed else "failed"
            return {"check": seen | {"state": state}, "ever_passed": passed or environment["ever_passed"]}
    return {}


def _stored(record: Record, environment: Json) -> Json:
    match record.name:
        case "RepositoryChecked":
            space = record.data["space"] or (environment["stored"] or {}).get("space")
            return {"stored": of(record, STORED) | {"space": space}}
        case "SpaceReclaimed":
            counted = {name: environment["reclaimed"][name] + record.data[name] for name in COUNTED}
            return {"reclaimed": counted | of(record, ("reclaimed_at",))}
    return {}


def _shredded(record: Record, environment: Json) -> Json:
    asked = environment["shredding"] or {}
    match record.name:
        case "ShreddingRequested":
            nothing = dict.fromkeys((*SHREDDED, "failure"))
            return {"shredding": of(record, ASKED) | nothing | {"state": "running"}}
        case "BackupsShredded":
            return {"shredding": asked | of(record, SHREDDED) | {"state": "completed"}}
        case "ShreddingFailed":
            return {"shredding": asked | failure(record) | {"state": "failed"}}
    return {}


def _stopped(record: Record, environment: Json) -> Json:
    sweep, schedule = environment["stopped_sweep"] or {}, environment["stopped_schedule"] or {}
    match record.name:
        case "SweepStopped":
            return {"stopped_sweep": record.data}
        case "SweepApproved" | "SweepResumed" if sweep.get("sweep_id") == record.data["sweep_id"]:
            return {"stopped_sweep": None}
        case "ScheduleStopped":
            return {"stopped_schedule": record.data}
        case "ScheduleApproved" | "ScheduleResumed" if schedule.get("stop_id") == record.data["stop_id"]:
            return {"stopped_schedule": None}
    return {}


FOLDS: Final[tuple[Callable[[Record, Json], Json], ...]] = (
    _described,
    _checked,
    platforms.ran,
    platforms.asked,
    platforms.needed,
    busy.worked,
    gaps.gap,
    _stored,
    _shredded,
    _stopped,
)
"""Each looks at what it knows; none changes a field of another."""
