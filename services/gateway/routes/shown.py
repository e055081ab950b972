"""One example of each thing that answers show, by the name of its shape: the description of the API shows them.

All are of one story, so that what one names is found in another.
"""

from typing import Any, Final

from services.gateway.routes.examples import ASKED

_APP_ID: Final = "5b0d7a9e-3c59-4f0e-8a55-1d2a40c7be01"
_ENVIRONMENT_ID: Final = "c1e2a7d4-7f3b-4b6c-9d18-6a5f0e9b3c02"
_TARGET_ID: Final = "e83f6b1c-0a4d-4f57-b2c9-94d70c5a1e03"
_BACKUP_ID: Final = "1f0c3a52-6d43-4b5e-9a37-0c9a2f6f1f11"
_ARCHIVE_ID: Final = "9a6e2d10-58c7-4c1b-8f3d-2b7c5e4a0d04"
_RESTORE_ID: Final = "3d9b5f72-1e8a-4d26-a7c4-5f0e8b6d2a05"
_PARCEL_ID: Final = "7c4a1e96-b05d-4a83-9e2f-8d3b6f1c5e06"
_POLICY_CHANGE_ID: Final = "b27f4c83-9d16-4e5a-8c70-1e6a3d9f5b07"
_WEBHOOK_ID: Final = "d50e8a3b-4f72-4c9d-b1e6-7a2c9f0d3e08"
_MESSAGE_ID: Final = "f619b4c7-2a8e-4d03-95fb-3c7e1d6a8b09"
_USER_ID: Final = "2e7d9c51-6b3f-4a8d-8e04-b9f1a5c6d70a"
_ORGANISATION_ID: Final = "7d7f3f0e-55a7-4a35-8a3c-2f3a6f0f7c22"
_KEY_ID: Final = "0123456789ab"
_DEAD_LETTER_ID: Final = "0-17"
_BY: Final = "karla@example.com"
_ASKED_AT: Final = "2026-03-04T19:00:00Z"
_ENDED_AT: Final = "2026-03-04T19:04:30Z"
_EXPIRES_AT: Final = "2026-06-04T19:00:00Z"
_SLOT_DATE: Final = "2026-03-04"
_SHA256: Final = "0f" * 32
_FILE_NAME: Final = "files_and_database-1f0c3a52-202603041900.tar.gz"
_LINK: Final = f"https://backups.example.com/download/{_ARCHIVE_ID}/{_FILE_NAME}?until=1772679870&signature={_SHA256}"
_WINDOW: Final = {"window": "on_demand", "ends_at": _EXPIRES_AT}
_LAST_PAGE: Final = {"next": None}

_APP: Final = {"app_id": _APP_ID, "name": "Orders", "slug": "orders"}
_CHECK: Final = {
    "check_id": "4a8c6e2f-d39b-4175-a0e8-6c5d1f7b920b",
    "state": "passed",
    "checked_at": _ENDED_AT,
    "server_version": "18.1",
    "findings": [],
}
_ENVIRONMENT: Final = {
    "environment_id": _ENVIRONMENT_ID,
    "app_id": _APP_ID,
    "app_slug": "orders",
    **ASKED["register_environment"],
    "run_state": "running",
    "model_version": "1.4.2",
    "ever_passed": True,
    "check": _CHECK,
}
_BACKUP: Final = {
    "backup_id": _BACKUP_ID,
    "environment_id": _ENVIRONMENT_ID,
    "app_id": _APP_ID,
    "kind": "on_demand",
    "state": "completed",
    "created_at": _ASKED_AT,
    "created_by": _BY,
    "comment": "before the release",
    "model_version": "1.4.2",
    "slot_date": _SLOT_DATE,
    "expires_at": _EXPIRES_AT,
    "windows": [_WINDOW],
    "finished_at": _ENDED_AT,
    "stored_bytes": 48000000,
}
_PREVIEW: Final = {
    "environment_id": _ENVIRONMENT_ID,
    "created_at": _ASKED_AT,
    "slot_date": _SLOT_DATE,
    "calendar_offset": "+01:00",
    "tiers": [],
    "windows": [_WINDOW],
    "expires_at": _EXPIRES_AT,
    "policy": "flat-on-demand",
    "policy_version": 1,
    "rule_version": 1,
}
_ARCHIVE: Final = {
    "archive_id": _ARCHIVE_ID,
    "backup_id": _BACKUP_ID,
    "environment_id": _ENVIRONMENT_ID,
    "data_type": "files_and_database",
    "state": "completed",
    "file_name": _FILE_NAME,
    "created_at": _ASKED_AT,
    "created_by": _BY,
    "updated_at": _ENDED_AT,
    "finished_at": _ENDED_AT,
    "size_bytes": 210000000,
    "sha256": _SHA256,
    "url": _LINK,
    "link_ends_at": "2026-03-05T03:04:30Z",
}
_RESTORE: Final = {
    "restore_id": _RESTORE_ID,
    "backup_id": _BACKUP_ID,
    "environment_id": _TARGET_ID,
    "source_environment_id": _ENVIRONMENT_ID,
    "app_id": _APP_ID,
    "database_only": False,
    "state": "completed",
    "requested_at": _ASKED_AT,
    "requested_by": _BY,
    "finished_at": _ENDED_AT,
}
_UPLOAD: Final = {
    "upload_id": "8e1b7d35-c2f4-4a69-b8d0-4e9a6c3f720c",
    "environment_id": _TARGET_ID,
    "app_id": _APP_ID,
    "data_type": "files_and_database",
    "size_bytes": 20000000,
    "state": "completed",
    "requested_at": _ASKED_AT,
    "requested_by": _BY,
    "finished_at": _ENDED_AT,
}
_POLICY: Final = {
    "name": "flat-on-demand",
    "daily": {"days": 14},
    "weekly": {"months": 3},
    "monthly": {"months": 12},
    "on_demand": {"months": 3},
}
_POLICY_CHANGE: Final = {
    "policy_change_id": _POLICY_CHANGE_ID,
    "app_id": _APP_ID,
    "changed_at": _ASKED_AT,
    "changed_by": _BY,
    "application": "waiting",
}
_WEBHOOK: Final = {
    "webhook_id": _WEBHOOK_ID,
    "url": "https://alerts.example.com/nightkeep",
    "about": ["alert", "backup"],
    "created_at": _ASKED_AT,
    "created_by": _BY,
}
_DELIVERY: Final = {
    "delivery_id": "a95d3f08-7e1c-4b42-96da-0f8b5c2e640d",
    "webhook_id": _WEBHOOK_ID,
    "message_id": _MESSAGE_ID,
    "type": "test",
    "state": "waiting",
    "created_at": _ASKED_AT,
}
_DEAD_LETTER: Final = {
    "dead_letter_id": _DEAD_LETTER_ID,
    "refused_at": _ASKED_AT,
    "topic": "nightkeep.commands",
    "partition": 3,
    "offset": 4711,
    "refused_by": "catalog",
    "code": "MALFORMED",
    "reason": "the value is no JSON",
}
_ORGANISATION: Final = {"organisation_id": _ORGANISATION_ID, "name": "Example Ltd", "added_at": _ASKED_AT}
_USER: Final = {"user_id": _USER_ID, "name": _BY, "organisation_id": _ORGANISATION_ID, "added_at": _ASKED_AT}
_KEY: Final = {
    "key_id": _KEY_ID,
    "user_id": _USER_ID,
    "name": "pipeline",
    "scopes": ["create", "read"],
    "places": [],
    "created_at": _ASKED_AT,
}
_SNAPSHOT: Final = {
    "snapshot_id": _BACKUP_ID,
    "state": "completed",
    "status_message": "Completed backup creation",
    "comment": "before the release",
    "model_version": "1.4.2",
    "created_at": "2026-03-04T19:00:00.000Z",
    "updated_at": "2026-03-04T19:04:30.000Z",
    "finished_at": "2026-03-04T19:04:30.000Z",
    "expires_at": "2026-06-04T19:00:00.000Z",
    "type": "on_demand",
}
_FOR_SCRIPTS: Final = {name: _SNAPSHOT[name] for name in ("created_at", "updated_at", "finished_at", "status_message")}

_PARCEL: Final = {
    "parcel_id": _PARCEL_ID,
    "environment_id": _TARGET_ID,
    "app_id": _APP_ID,
    "size_bytes": 20000000,
    "sha256": _SHA256,
    "part_bytes": 8388608,
    "parts": 3,
    "received": 1,
    "missing": [{"first": 1, "last": 2}],
    "expires_at": "2026-03-05T19:00:00Z",
}
SHOWN: Final[dict[str, dict[str, Any]]] = {
    "Accepted": {"accepted": True},
    "App": _APP,
    "AppPage": {"apps": [_APP], **_LAST_PAGE},
    "Environment": _ENVIRONMENT,
    "EnvironmentPage": {"environments": [_ENVIRONMENT], **_LAST_PAGE},
    "Check": _CHECK,
    "Backup": _BACKUP,
    "BackupPage": {"backups": [_BACKUP], **_LAST_PAGE},
    "BackupPreview": _PREVIEW,
    "FilePage": {
        "files": [{"document_id": _MESSAGE_ID, "place": f"f6/19/{_MESSAGE_ID}", "size_bytes": 52100}],
        "count": 1,
        "bytes": 52100,
        **_LAST_PAGE,
    },
    "TableList": {"tables": [{"schema_name": "public", "name": "orders$order"}], "bytes": 48000000},
    "Archive": _ARCHIVE,
    "ArchivePage": {"archives": [_ARCHIVE], **_LAST_PAGE},
    "Restore": _RESTORE,
    "RestorePage": {"restores": [_RESTORE], **_LAST_PAGE},
    "Preflight": {
        "preflight_id": _RESTORE_ID,
        "backup_id": _BACKUP_ID,
        "environment_id": _TARGET_ID,
        "database_only": False,
        "state": "passed",
        "checked_at": _ENDED_AT,
        "findings": [],
        "warnings": [],
        "facts": {
            "run_state": "stopped",
            "model_version": "1.4.2",
            "backup_model_version": "1.4.2",
            "server_version": "18.6",
            "backup_server_version": "18.6",
            "open_sessions": 0,
            "backup_database_bytes": 48000000,
            "backup_files_bytes": 96000000,
            "database_needed_bytes": 48000000,
            "database_free_bytes": 212000000000,
            "files_needed_bytes": 52100,
            "files_free_bytes": 212000000000,
        },
    },
    "Parcel": _PARCEL,
    "ParcelList": {"parcels": [_PARCEL]},
    "Upload": _UPLOAD,
    "UploadPage": {"uploads": [_UPLOAD], **_LAST_PAGE},
    "Explanation": {
        "backup_id": _BACKUP_ID,
        "environment_id": _ENVIRONMENT_ID,
        "kind": "on_demand",
        "state": "completed",
        "created_at": _ASKED_AT,
        "created_by": _BY,
        "slot_date": _SLOT_DATE,
        "calendar_offset": "+01:00",
        "slot": None,
        "fills_gap": None,
        "late": False,
        "judgements": [{
            "at": _ASKED_AT,
            "because": "accepted",
            "tiers": [],
            "windows": [_WINDOW],
            "policy": "flat-on-demand",
            "policy_version": 1,
            "rule_version": 1,
            "expires_at": _EXPIRES_AT,
        }],
        "holds": [],
        "ending": None,
        "sentences": ["It completed at 2026-03-04 19:04:30 UTC."],
    },
    "SlotPage": {
        "slots": [{
            "environment_id": _ENVIRONMENT_ID,
            "slot_date": _SLOT_DATE,
            "calendar_offset": "+01:00",
            "due_at": "2026-03-04T22:00:00Z",
            "due_local": "2026-03-04 23:00 CET",
            "state": "planned",
        }],
        **_LAST_PAGE,
    },
    "Shredding": {
        "shred_id": _MESSAGE_ID,
        "state": "running",
        "requested_at": _ASKED_AT,
        "requested_by": _BY,
        "backup_count": 42,
        "failed_count": 0,
    },
    "PolicyInForce": {"app_id": _APP_ID, "environment_id": _ENVIRONMENT_ID, "policy": _POLICY, "given_by": "app"},
    "PolicyChange": _POLICY_CHANGE,
    "Simulation": {
        "policy": _POLICY,
        "at": _ASKED_AT,
        "backups": [{
            "backup_id": _BACKUP_ID,
            "environment_id": _ENVIRONMENT_ID,
            "created_at": _ASKED_AT,
            "tiers": [],
            "before": _EXPIRES_AT,
            "after": _EXPIRES_AT,
            "fate": "same",
            "held_by": [],
            "bytes": 48000000,
        }],
        "effect": {"same_count": 1, "longer_count": 0, "shorter_count": 0, "lost_count": 0, "freed_bytes": 0},
        "digest": "5f0c3a526d434b5e",
        "calendar": [{"day": "2026-06-04", "backup_ids": [_BACKUP_ID], "bytes": 48000000}],
    },
    "AlertPage": {
        "alerts": [{
            "alert_id": _MESSAGE_ID,
            "alert": "slot_missed",
            "app_id": _APP_ID,
            "environment_id": _ENVIRONMENT_ID,
            "raised_at": _ASKED_AT,
            "message": "orders/production: the nightly backup of 2026-03-04 was missed: nobody could make it",
            "subject": f"{_ENVIRONMENT_ID}.{_SLOT_DATE}",
        }],
        **_LAST_PAGE,
    },
    "AuditPage": {
        "entries": [{
            "event_id": _MESSAGE_ID,
            "at": _EXPIRES_AT,
            "what": "BackupExpired",
            "actor": "retention", "actor_kind": "service", "actor_verified": False, "said_by": "catalog",
            "app_id": _APP_ID,
            "environment_id": _ENVIRONMENT_ID,
            "backup_id": _BACKUP_ID,
            "ids": {"backup_id": _BACKUP_ID, "environment_id": _ENVIRONMENT_ID, "sweep_id": _MESSAGE_ID},
            "told": {"expired_at": _EXPIRES_AT, "expires_at": _EXPIRES_AT},
            "rule": {"kind": "on_demand", "tiers": [], "policy": "flat-on-demand", "policy_version": 1},
            "stream": f"catalog/backup/{_BACKUP_ID}",
            "sequence": 7,
            "correlation_id": _RESTORE_ID,
        }],
        **_LAST_PAGE,
    },
    "CreatedWebhook": _WEBHOOK | {"signing_secret": "whsec_…"},
    "WebhookList": {"webhooks": [_WEBHOOK]},
    "Delivery": _DELIVERY,
    "DeliveryPage": {"deliveries": [_DELIVERY], **_LAST_PAGE},
    "DeadLetter": _DEAD_LETTER,
    "DeadLetterPage": {"dead_letters": [_DEAD_LETTER], **_LAST_PAGE},
    "Replayed": {"dead_letter_id": _DEAD_LETTER_ID, "message_id": _MESSAGE_ID},
    "PlatformStatus": {
        "version": "0.1.0",
        "user": _BY,
        "scopes": ["create", "read"],
        "apps": 1,
        "environments": 2,
        "backups": {"completed": 42},
        "restores": {"completed": 3},
    },
    "Organisation": _ORGANISATION,
    "OrganisationPage": {"organisations": [_ORGANISATION], **_LAST_PAGE},
    "User": _USER,
    "UserPage": {"users": [_USER], **_LAST_PAGE},
    "Invitation": {"user_id": _USER_ID, "token": f"ni_{_KEY_ID}_…", "ends_at": "2026-03-11T19:00:00Z"},
    "KeyList": {"keys": [_KEY]},
    "CreatedKey": _KEY | {"api_key": f"nk_{_KEY_ID}_…"},
    "AccessList": {
        "access": [{
            "user_id": _USER_ID,
            "user": _BY,
            "place": {"kind": "app", "id": _APP_ID},
            "rights": ["create", "read"],
            "granted_at": _ASKED_AT,
            "granted_by": "ada@example.com",
        }]
    },
    "AcceptedInvitation": {"user": _BY, "api_key": f"nk_{_KEY_ID}_…"},
    "Session": {"user": _BY, "ends_at": "2026-03-05T07:00:00Z", "csrf_token": "5e" * 32},
    "DeployedApp": {"AppId": "orders", "Name": "Orders", "ProjectId": _APP_ID, "Url": ""},
    "DeployedEnvironment": {
        "EnvironmentId": _ENVIRONMENT_ID,
        "Mode": "Production",
        "Status": "Running",
        "ModelVersion": "1.4.2",
        "Url": "",
    },
    "Snapshot": _SNAPSHOT,
    "SnapshotPage": {"snapshots": [_SNAPSHOT], "total": 1, "offset": 0, "limit": 100},
    "SnapshotArchive": _FOR_SCRIPTS | {
        "archive_id": _ARCHIVE_ID,
        "snapshot_id": _BACKUP_ID,
        "data_type": "files_and_database",
        "state": "completed",
        "url": _LINK,
    },
    "SnapshotRestore": _FOR_SCRIPTS | {
        "restore_id": _RESTORE_ID,
        "source_snapshot_id": _BACKUP_ID,
        "source_environment_id": _ENVIRONMENT_ID,
        "target_environment_id": _TARGET_ID,
        "state": "completed",
    },
}  # fmt: skip
"""What is null, empty or of no interest here is left out."""
