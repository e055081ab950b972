"""The read model is the fold of the log: folded here once more, by hand, for the fields that people decide by."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from tests.history.checks.machines import BACKUP, RESTORE, UPLOAD, states
from tests.history.evidence import Evidence, Finding, Json, Record

REQUESTED: Final = ("environment_id", "kind", "created_by", "comment", "model_version", "slot_date", "created_at")
UPLOADED: Final = ("app_id", "environment_id", "data_type", "safety_backup_id", "requested_at", "requested_by")
ENDED: Final = ("due_at", "ended_at", "state", "reason", "late", "backup_id", "tries")
NAMED: Final = ("name", "slug")
PACKAGE: Final = ("model_version", "package_bytes", "package_sha256")


def the_read_model_is_the_fold_of_the_log(evidence: Evidence) -> Iterator[Finding]:
    """Every row that there should be is there with its fields, and no other."""
    folded = {
        "app": _apps(evidence),
        "environment": _environments(evidence),
        "backup": _backups(evidence),
        "restore": _restores(evidence),
        "upload": _uploads(evidence),
        "slot": _slots(evidence),
    }
    for table, wanted in folded.items():
        rows = evidence.rows.get(table, {})
        for entity_id in wanted.keys() ^ rows.keys():
            there = "only on the log" if entity_id in wanted else "only in the read model"
            yield Finding("read model and log disagree", f"{table} {entity_id} is {there}")
        for entity_id in wanted.keys() & rows.keys():
            yield from _differences(table, entity_id, wanted[entity_id], rows[entity_id])


def _differences(table: str, entity_id: str, wanted: Json, row: Json) -> Iterator[Finding]:
    for field, value in wanted.items():
        if _plain(row.get(field)) != _plain(value):
            told = f"{table} {entity_id}: {field} is {row.get(field)!r}, the log says {value!r}"
            yield Finding("read model and log disagree", told)


def _plain(value: Any) -> Any:  # noqa: ANN401 -- JSON
    """Two ways to write an instant are one instant, wherever it is told."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) and "T" in value else value
    except ValueError:
        return value


def _apps(evidence: Evidence) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for record in evidence.distinct():
        app_id = str(record.data.get("app_id"))
        if record.name == "AppRegistered":
            found[app_id] = {field: record.data[field] for field in NAMED} | {"removed": False, "environments": {}}
        elif app_id in found:
            found[app_id] |= _on_app(record, found[app_id]["environments"])
    return found


def _on_app(record: Record, environments: Json) -> Json:
    match record.name:
        case "AppUpdated":
            return {field: record.data[field] for field in NAMED}
        case "AppRemoved":
            return {"removed": True}
        case "EnvironmentRegistered" | "EnvironmentUpdated":
            return {"environments": environments | {record.data["environment_id"]: record.data["name"]}}
        case "EnvironmentRemoved":
            left = {one: name for one, name in environments.items() if one != record.data["environment_id"]}
            return {"environments": left}
    return {}


def _backups(evidence: Evidence) -> dict[str, Json]:
    now, _ = states(evidence, "backup_id", BACKUP)
    found: dict[str, Json] = {}
    for record in evidence.distinct():
        entity_id = str(record.data.get("backup_id"))
        if record.name == "BackupRequested":
            found[entity_id] = {field: record.data[field] for field in REQUESTED}
            found[entity_id] |= {"pinned": False, "state": now[entity_id]}
        elif entity_id in found:
            found[entity_id] |= _on_backup(record)
    return found


def _on_backup(record: Record) -> Json:
    match record.name:
        case "BackupCommented":
            return {"comment": record.data["comment"]}
        case "BackupPinned":
            return {"pinned": True}
        case "BackupUnpinned":
            return {"pinned": False}
        case "BackupCompleted":
            return {field: record.data[field] for field in ("manifest_hash", "stored_bytes", "finished_at")}
        case "BackupExpiryChanged":
            return {"expires_at": record.data["expires_at"]}
    return {}


def _restores(evidence: Evidence) -> dict[str, Json]:
    now, _ = states(evidence, "restore_id", RESTORE)
    found: dict[str, Json] = {}
    for record in evidence.distinct():
        if record.name == "RestoreRequested":
            told = {field: record.data[field] for field in ("backup_id", "environment_id", "database_only")}
            found[str(record.data["restore_id"])] = told
    return {entity_id: told | {"state": now[entity_id]} for entity_id, told in found.items()}


def _uploads(evidence: Evidence) -> dict[str, Json]:
    now, _ = states(evidence, "upload_id", UPLOAD)
    found: dict[str, Json] = {}
    for record in evidence.distinct():
        entity_id = str(record.data.get("upload_id"))
        if record.name == "UploadRequested":
            found[entity_id] = {field: record.data[field] for field in UPLOADED}
            found[entity_id] |= {"size_bytes": record.data["parcel"]["size_bytes"], "cancel_requested": False}
            found[entity_id] |= {"state": now[entity_id]}
        elif entity_id in found:
            found[entity_id] |= _on_upload(record)
    return found


def _on_upload(record: Record) -> Json:
    match record.name:
        case "UploadCancelRequested":
            return {"cancel_requested": True}
        case "UploadStarted":
            return {"started_at": record.data["started_at"]}
        case "DataUploaded":
            told = ("finished_at", "switched_at", "model_version", "database", "files", "sessions_ended", "warnings")
            return {field: record.data[field] for field in told}
        case "UploadFailed":
            return {"finished_at": record.data["finished_at"], "status_message": record.data["reason"]}
    return {}


def _slots(evidence: Evidence) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for record in evidence.distinct():
        slot = f"{record.data.get('environment_id')}/{record.data.get('slot_date')}"
        if record.name == "SlotPlanned":
            told = {field: record.data[field] for field in ("calendar_offset", "due_at")}
            found[slot] = told | {"state": "planned", "ended_at": None, "backup_id": None}
        elif record.name == "SlotEnded" and slot in found:
            told = {field: record.data[field] for field in ENDED}
            found[slot] |= told
    return found


def _environments(evidence: Evidence) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for record in evidence.distinct():
        entity_id = str(record.data.get("environment_id"))
        match record.name:
            case "EnvironmentRegistered":
                told = {field: record.data[field] for field in ("app_id", "name", "mode", "region", "cloud_version")}
                found[entity_id] = told
            case "PackageDeployed":
                found[entity_id] |= {field: record.data[field] for field in PACKAGE}
            case "EnvironmentCleared" | "PackageRemoved":
                found[entity_id] |= dict.fromkeys(PACKAGE)
    return found
