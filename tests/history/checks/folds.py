"""The read model is the fold of the log: folded here once more, by hand, for the fields that people decide by."""

from collections.abc import Callable, Iterable, Iterator
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


def _folded(
    evidence: Evidence,
    named_by: str,
    first: str,
    begun: Callable[[Record], Json],
    on: Callable[[Record, Json], Json],
) -> dict[str, Json]:
    """The rows of things that begin with the event `first`; what comes of each event `on` them is added."""
    found: dict[str, Json] = {}
    for record in evidence.distinct():
        entity_id = str(record.data.get(named_by))
        if record.name == first:
            found[entity_id] = begun(record)
        elif entity_id in found:
            found[entity_id] |= on(record, found[entity_id])
    return found


def _of(record: Record, fields: Iterable[str]) -> Json:
    return {field: record.data[field] for field in fields}


def _apps(evidence: Evidence) -> dict[str, Json]:
    def begun(record: Record) -> Json:
        return _of(record, NAMED) | {"removed": False, "environments": {}}

    return _folded(evidence, "app_id", "AppRegistered", begun, _on_app)


def _on_app(record: Record, app: Json) -> Json:
    environments = app["environments"]
    match record.name:
        case "AppUpdated":
            return _of(record, NAMED)
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

    def begun(record: Record) -> Json:
        return _of(record, REQUESTED) | {"pinned": False, "state": now[str(record.data["backup_id"])]}

    return _folded(evidence, "backup_id", "BackupRequested", begun, _on_backup)


def _on_backup(record: Record, _backup: Json) -> Json:
    match record.name:
        case "BackupCommented":
            return {"comment": record.data["comment"]}
        case "BackupPinned":
            return {"pinned": True}
        case "BackupUnpinned":
            return {"pinned": False}
        case "BackupCompleted":
            return _of(record, ("manifest_hash", "stored_bytes", "finished_at"))
        case "BackupExpiryChanged":
            return {"expires_at": record.data["expires_at"]}
    return {}


def _restores(evidence: Evidence) -> dict[str, Json]:
    now, _ = states(evidence, "restore_id", RESTORE)
    found: dict[str, Json] = {}
    for record in evidence.distinct():
        if record.name == "RestoreRequested":
            told = _of(record, ("backup_id", "environment_id", "database_only"))
            found[str(record.data["restore_id"])] = told
    return {entity_id: told | {"state": now[entity_id]} for entity_id, told in found.items()}


def _uploads(evidence: Evidence) -> dict[str, Json]:
    now, _ = states(evidence, "upload_id", UPLOAD)

    def begun(record: Record) -> Json:
        told = {"size_bytes": record.data["parcel"]["size_bytes"], "cancel_requested": False}
        return _of(record, UPLOADED) | told | {"state": now[str(record.data["upload_id"])]}

    return _folded(evidence, "upload_id", "UploadRequested", begun, _on_upload)


def _on_upload(record: Record, _upload: Json) -> Json:
    match record.name:
        case "UploadCancelRequested":
            return {"cancel_requested": True}
        case "UploadStarted":
            return {"started_at": record.data["started_at"]}
        case "DataUploaded":
            told = ("finished_at", "switched_at", "model_version", "database", "files", "sessions_ended", "warnings")
            return _of(record, told)
        case "UploadFailed":
            return {"finished_at": record.data["finished_at"], "status_message": record.data["reason"]}
    return {}


def _slots(evidence: Evidence) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for record in evidence.distinct():
        slot = f"{record.data.get('environment_id')}/{record.data.get('slot_date')}"
        if record.name == "SlotPlanned":
            told = _of(record, ("calendar_offset", "due_at"))
            found[slot] = told | {"state": "planned", "ended_at": None, "backup_id": None}
        elif record.name == "SlotEnded" and slot in found:
            told = _of(record, ENDED)
            found[slot] |= told
    return found


def _environments(evidence: Evidence) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for record in evidence.distinct():
        entity_id = str(record.data.get("environment_id"))
        match record.name:
            case "EnvironmentRegistered":
                told = _of(record, ("app_id", "name", "mode", "region", "cloud_version"))
                found[entity_id] = told
            case "PackageDeployed":
                found[entity_id] |= _of(record, PACKAGE)
            case "EnvironmentCleared" | "PackageRemoved":
                found[entity_id] |= dict.fromkeys(PACKAGE)
    return found
