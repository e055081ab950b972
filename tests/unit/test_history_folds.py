"""The witness folds the log by the published texts alone, and event by event comes to the rows of the projection.

An arm of its folds that no soak has reached yet would else be wrong for the first time in the middle of a night.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any, Final

import pytest
from pydantic_core import from_json, to_json

from contracts.codec import RawRecord, decode
from contracts.envelope import Event, Kind, Message
from contracts.registry import BODIES
from services.catalog.projection.audit import entry
from services.catalog.projection.tables import concerned
from tests.history.checks.folds import FOLDS, the_read_model_is_the_fold_of_the_log
from tests.history.evidence import Evidence, Record
from tests.support.histories import History

Told = str | tuple[str, dict[str, Any]]
A, B, C = (f"00000099-0000-4000-8000-00000000000{number}" for number in range(3))
"""Ids beside those of the history."""
DATE: Final = {"slot_date": "2026-03-08"}
LEASE: Final = {"lease": {"lease_id": A, "holder": "a copy of Karla", "until": "2026-03-09T03:00:00Z"}}

STORIES: Final[dict[str, Sequence[Told]]] = {
    "an app and where it is": (
        "AppRegistered",
        "EnvironmentRegistered",
        "EnvironmentChecked",
        ("EnvironmentUpdated", {"mode": "test"}),
        ("EnvironmentUpdated", {"check_id": A}),
        ("EnvironmentCheckRequested", {"check_id": A}),
        "EnvironmentChecked",
        ("EnvironmentChecked", {"check_id": A, "passed": False}),
        ("PolicyChanged", {"environment_id": None}),
        "PolicyChanged",
        ("AppUpdated", {"slug": "another"}),
        ("EnvironmentUpdated", {"check_id": A, "name": "Elsewhere"}),
        ("EnvironmentCheckRequested", {"check_id": B}),
        "EnvironmentRemoved",
        "AppRemoved",
    ),
    "a platform": (
        "EnvironmentRegistered",
        "PackageDeployed",
        "EnvironmentStarted",
        ("AppServicePublished", {"service_name": "orders"}),
        "HookCallRequested",
        "HookAnswered",
        ("HookCallRequested", {"call_id": A, "action": "stop"}),
        "HookFailed",
        ("HookFailed", {"call_id": A}),
        ("HookCallRequested", {"call_id": B, "action": "stop"}),
        ("HookAnswered", {"call_id": B}),
        ("HookCallRequested", {"call_id": C, "action": "start"}),
        ("HookAnswered", {"call_id": C}),
        ("HookCallRequested", {"call_id": A, "action": "stop"}),
        ("HookFailed", {"call_id": A}),
        "EnvironmentStopped",
        ("AppServicePublished", {"service_name": "orders"}),
        ("AppServiceUnpublished", {"service_name": "orders"}),
    ),
    "a backup that was erased": (
        "EnvironmentRegistered",
        "BackupRequested",
        "BackupCommented",
        "BackupPinned",
        "BackupUnpinned",
        "BackupStarted",
        "BackupCompleted",
        "BackupExpiryChanged",
        "LeaseAcquired",
        "LeaseAcquired",
        ("LeaseAcquired", LEASE),
        "LeaseReleased",
        "ExpiryHeld",
        "ExpiryReleased",
        "ExpiryHeld",
        "BackupExpired",
        "BackupErasureRequested",
        "BackupDeleted",
        "BackupErased",
    ),
    "a backup that failed": (
        "EnvironmentRegistered",
        "BackupRequested",
        "BackupCancelRequested",
        "BackupFailed",
        "ExpiryHeld",
        ("LeaseAcquired", LEASE),
        ("BackupDeletionRequested", {"erase": True}),
    ),
    "restores": (
        "EnvironmentRegistered",
        ("PackageDeployed", {"model_version": "2"}),
        ("RestoreRequested", {"model_version": "1"}),
        "RestoreStarted",
        "RestoreCompleted",
        "RestoreUndoRequested",
        "RestoreUndoFailed",
        "RestoreUndoRequested",
        "RestoreUndone",
        ("RestoreRequested", {"restore_id": A, "model_version": "1"}),
        ("RestoreStarted", {"restore_id": A}),
        ("RestoreCompleted", {"restore_id": A}),
        ("PackageDeployed", {"model_version": "1"}),
        ("RestoreGraceEnded", {"restore_id": A}),
        ("RestoreRequested", {"restore_id": B, "model_version": "1"}),
        ("RestoreCancelRequested", {"restore_id": B}),
        ("RestoreFailed", {"restore_id": B}),
    ),
    "uploads": (
        "EnvironmentRegistered",
        ("PackageDeployed", {"model_version": "2"}),
        ("AppServicePublished", {"service_name": "orders"}),
        "UploadRequested",
        "UploadStarted",
        "AppServicesUnpublished",
        "PackageRemoved",
        "EnvironmentCleared",
        "DataUploaded",
        ("UploadRequested", {"upload_id": A}),
        ("UploadCancelRequested", {"upload_id": A}),
        ("UploadFailed", {"upload_id": A}),
    ),
    "a store": (
        "EnvironmentRegistered",
        "RepositoryChecked",
        ("RepositoryChecked", {"space": None}),
        "SpaceReclaimed",
        "SpaceReclaimed",
        ("ShreddingRequested", {"shred_id": A}),
        ("ShreddingFailed", {"shred_id": A}),
        ("ShreddingRequested", {"shred_id": B}),
        ("BackupsShredded", {"shred_id": B}),
    ),
    "what stops and asks": (
        "EnvironmentRegistered",
        ("SweepStopped", {"sweep_id": A}),
        ("SweepResumed", {"sweep_id": A}),
        ("SweepStopped", {"sweep_id": B}),
        ("SweepResumed", {"sweep_id": A}),
        ("SweepApproved", {"sweep_id": B}),
        ("ScheduleStopped", {"stop_id": A}),
        ("ScheduleResumed", {"stop_id": A}),
        ("ScheduleStopped", {"stop_id": B}),
        ("ScheduleResumed", {"stop_id": A}),
        ("ScheduleApproved", {"stop_id": B}),
    ),
    "a night": (
        ("SlotPlanned", DATE),
        ("SlotPlanned", DATE | {"due_at": "2026-03-08T20:00:00Z"}),
        ("SlotEnded", DATE),
    ),
    "preflights": (
        ("PreflightRequested", {"preflight_id": A}),
        ("PreflightCancelRequested", {"preflight_id": A}),
        ("PreflightCompleted", {"preflight_id": A, "facts": None, "passed": False}),
        ("PreflightRequested", {"preflight_id": B}),
        ("PreflightCompleted", {"preflight_id": B, "passed": True}),
    ),
}


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_the_witness_comes_to_the_same_rows_event_by_event(story: Sequence[Told]) -> None:
    history, views, records = History(), dict[tuple[str, str], Any](), list[Record]()
    for told in story:
        name, changes = (told, {}) if isinstance(told, str) else told
        raw = history.record("catalog/story/one", name, **_instants(name, len(records)) | changes)
        _project(views, raw)
        records.append(_shown(len(records), raw))
        found = list(the_read_model_is_the_fold_of_the_log(Evidence(records, rows=_rows(views))))
        assert found == [], name


def _instants(name: str, second: int) -> dict[str, str]:
    """Each event tells another time, so that what is taken from the wrong one is seen."""
    fields = [one for one in BODIES[Kind.EVENT, name].model_fields if one.endswith("_at") and one != "recovered_at"]
    return dict.fromkeys(fields, f"2026-04-01T00:00:{second:02}Z")


def _project(views: dict[tuple[str, str], Any], raw: RawRecord) -> None:
    message = decode(raw)
    assert isinstance(message.body, Event)
    for table in concerned(type(message.body)):
        if (key := table.key(message.body)) is not None and table.name in FOLDS:
            row = table.name, "/".join(map(str, key[1]))
            view = table.fold(views.get(row), message)
            views |= {row: view} if view is not None else {}
    views["audit", str(message.envelope.id)] = entry(
        Message(message.envelope, message.body), message.body.model_dump(mode="json"), {}
    )


def _rows(views: dict[tuple[str, str], Any]) -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {table: {} for table in FOLDS}
    for (table, entity_id), view in views.items():
        rows[table][entity_id] = from_json(to_json(view))
    rows["listed_day"] = {day: {"backups": count} for day, count in _days(rows["backup"].values()).items()}
    return rows


def _days(backups: Collection[dict[str, Any]]) -> Counter[str]:
    """As a trigger of the database counts them."""
    listed = [one for one in backups if one["state"] in ("queued", "running", "completed", "failed")]
    return Counter(f"{one['environment_id']}/{one['created_at'][: len('2026-03-08')]}" for one in listed)


def _shown(offset: int, raw: RawRecord) -> Record:
    headers = {name: value.decode() for name, value in raw.headers}
    return Record(0, offset, (raw.key or b"").decode(), headers, raw.value or b"")
