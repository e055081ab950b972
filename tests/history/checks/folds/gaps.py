"""Sundays without a backup, and the nightly that makes up for one."""

from datetime import date
from typing import Final

from tests.history.evidence import Json, Record

SUNDAY: Final = 7
NOT_YET: Final[Json] = {"gap": None, "gap_filler": None}


def gap(record: Record, environment: Json) -> Json:
    """Of several Sundays that which is kept longest, else the newest: one backup makes up for all of them."""
    is_filler = environment["gap_filler"] is not None and record.data.get("backup_id") == environment["gap_filler"]
    match record.name:
        case "SlotEnded" if record.data["state"] != "completed" and _is_sunday(record.data["slot_date"]):
            days = [day for day in (environment["gap"], record.data["slot_date"]) if day]
            return {"gap": max(days, key=lambda day: (date.fromisoformat(day).day <= 7, day)), "gap_filler": None}
        case "BackupRequested" if environment["gap"] and not environment["gap_filler"] and _is_of_a_night(record):
            return {"gap_filler": record.data["backup_id"]}
        case "BackupCompleted" if is_filler:
            return NOT_YET
        case "BackupFailed" if is_filler:
            return {"gap_filler": None}
    return {}


def _is_sunday(day: str) -> bool:
    return date.fromisoformat(day).isoweekday() == SUNDAY


def _is_of_a_night(record: Record) -> bool:
    return record.data["kind"] == "nightly" and not record.data.get("recovered_at")
