"""The read model is the fold of the log: folded here once more, by hand, for the fields that people decide by."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from tests.history.checks.machines import BACKUP, RESTORE, states
from tests.history.evidence import Evidence, Finding, Json, Record

REQUESTED: Final = ("environment_id", "kind", "created_by", "comment", "model_version", "slot_date", "created_at")
PACKAGE: Final = ("model_version", "package_bytes", "package_sha256")


def the_read_model_is_the_fold_of_the_log(evidence: Evidence) -> Iterator[Finding]:
    """Every row that there should be is there with its fields, and no other."""
    folded = {"backup": _backups(evidence), "restore": _restores(evidence), "environment": _environments(evidence)}
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
    """Two ways to write an instant are one instant."""
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) and "T" in value else value
    except ValueError:
        return value


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
