"""Faults of the read model's rows: each field that is compared says something else once."""

from collections.abc import Iterator, Mapping
from typing import Final

from tests.history.evidence import Evidence
from tests.history.faults.tampering import Fault

_FIELDS: Final[Mapping[str, str]] = {
    "app": "name slug removed environments policy",
    "environment": """
        app_id name mode region cloud_version database files documents_query schedule hook removed
        check ever_passed run_state app_services model_version package_bytes package_sha256 data_model_version
        hook_call hook_failure active_backups active_restore active_upload active_shredding undoable_restore
        policy stored reclaimed shredding stopped_sweep stopped_schedule gap gap_filler
    """,
    "backup": """
        app_id environment_id kind state created_at created_by updated_at comment model_version slot_date
        calendar_offset slot fills_gap recovered_at tiers policy policy_version rule_version windows expires_at
        pinned pinned_reason cancel_requested leases held erase started_at finished_at failure
        manifest_key manifest_hash stored_bytes database files restore_point references
        dangling_count orphan_count warnings
    """,
    "restore": """
        app_id backup_id environment_id source_environment_id database_only model_version state
        requested_at requested_by updated_at cancel_requested started_at finished_at switched_at
        undo_state undo_until database files sessions_ended warnings failure
    """,
    "preflight": """
        app_id backup_id environment_id source_environment_id database_only state checked_at findings facts
    """,
    "upload": """
        app_id environment_id data_type safety_backup_id size_bytes state requested_at requested_by
        cancel_requested started_at finished_at switched_at model_version database files sessions_ended
        warnings failure status_message
    """,
    "slot": "calendar_offset due_at state ended_at reason late backup_id tries",
    "policy_change": """
        app_id policy_change_id environment_id policy application applied_policy requested_at environment_ids
        digest not_before effect changed_count reached changed_at changed_by approved_by withdrawn_by applied_at
    """,
    "listed_day": "backups",
    "audit": "what at sequence actor correlation_id key_id",
}
"""Written down once more, so that no comparison goes without anybody noticing."""


COMPARED: Final[Mapping[str, set[str]]] = {table: set(fields.split()) for table, fields in _FIELDS.items()}


def _another(table: str, field: str) -> Fault:
    def fault(evidence: Evidence) -> None:
        row = next(iter(evidence.rows[table].values()))
        row[field] = [row[field], "not what was said"]

    fault.__name__ = f"another_{field}_of_{table}"
    return fault


def _faults() -> Iterator[Fault]:
    for table, fields in COMPARED.items():
        for field in sorted(fields):
            yield _another(table, field)


FAULTS: Final[dict[Fault, set[str]]] = {fault: {"read model and log disagree"} for fault in _faults()}
