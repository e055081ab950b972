"""One example of what each operation takes and of each refusal: the description of the API shows them."""

from typing import Any, Final

_APP: Final = {"name": "Orders", "slug": "orders"}
_ENVIRONMENT: Final = {
    "name": "production",
    "mode": "production",
    "region": "europe",
    "cloud_version": "v4",
    "database": {"host": "db.example.com", "name": "orders", "user": "orders", "password": "secret:orders-db"},
    "files": {"kind": "directory", "path": "/srv/orders"},
}
_SERVICE: Final = {"service_name": "orders"}
_BACKUP_ID: Final = "1f0c3a52-6d43-4b5e-9a37-0c9a2f6f1f11"
_RESTORE: Final = {"backup_id": _BACKUP_ID, "database_only": False}
_ORGANISATION_ID: Final = "7d7f3f0e-55a7-4a35-8a3c-2f3a6f0f7c22"
_POLICY: Final = {"policy": "flat-on-demand"}
_RIGHTS: Final = {"rights": ["create", "read"]}
_COMMENT: Final = {"comment": "before the release"}
_PASSWORD: Final = "correct horse battery staple"  # noqa: S105 -- an example

ASKED: Final[dict[str, dict[str, Any]]] = {
    "register_app": _APP,
    "update_app": {"name": "Orders and invoices"},
    "register_environment": _ENVIRONMENT,
    "update_environment": {"mode": "acceptance"},
    "deploy": {"model_version": "1.4.2", "package_bytes": 48000000, "package_sha256": "0f" * 32},
    "publish_app_service": _SERVICE,
    "unpublish_app_service": _SERVICE,
    "create_backup": _COMMENT,
    "comment_backup": _COMMENT,
    "create_snapshot": _COMMENT,
    "comment_snapshot": _COMMENT,
    "pin_backup": {"reason": "for the audit"},
    "create_restore": _RESTORE,
    "create_preflight": _RESTORE,
    "shred_backups": {"confirm_name": "production"},
    "create_parcel": {"size_bytes": 20000000, "sha256": "0f" * 32},
    "import_backup": {"parcel_id": _BACKUP_ID, "comment": "from the old platform", "model_version": "6.3.0"},
    "create_upload": {"parcel_id": _BACKUP_ID, "data_type": "files_and_database", "safety_backup": True},
    "acquire_lease": {"holder": "copy to the archive", "until": "2026-03-04T20:00:00Z"},
    "change_environment_policy": _POLICY,
    "change_app_policy": _POLICY,
    "simulate_environment_policy": _POLICY,
    "simulate_app_policy": _POLICY,
    "approve_policy_change": {"digest": "5f0c3a526d434b5e"},
    "create_webhook": {"url": "https://alerts.example.com/nightkeep", "about": ["alert", "backup"]},
    "add_organisation": {"name": "Example Ltd"},
    "hand_over_app": {"organisation_id": _ORGANISATION_ID},
    "add_user": {"name": "karla@example.com"},
    "accept_invitation": {"token": "ni_0123456789ab_" + "x" * 43},
    "create_key": {"name": "pipeline", "scopes": ["create", "read"]},
    "give_platform_access": _RIGHTS,
    "give_organisation_access": _RIGHTS,
    "give_app_access": _RIGHTS,
    "give_environment_access": _RIGHTS,
    "sign_in": {"user": "karla@example.com", "password": _PASSWORD},
    "change_password": {"password": _PASSWORD},
}
"""By operation."""

REFUSED: Final[dict[int, dict[str, str]]] = {
    400: {"errorCode": "INVALID_PARAMETERS", "errorMessage": "slug: String should match …", "field": "slug"},
    401: {"errorCode": "UNAUTHORIZED", "errorMessage": "send a key: `Authorization: Bearer <key>`, or …"},
    403: {"errorCode": "NO_ACCESS", "errorMessage": "you lack the right 'restore' at this environment: …"},
    404: {"errorCode": "ENVIRONMENT_NOT_FOUND", "errorMessage": "there is no environment with this id"},
    408: {"errorCode": "REQUEST_TIMEOUT", "errorMessage": "this part did not come within 120 s: send it again"},
    409: {"errorCode": "ENVIRONMENT_BUSY", "errorMessage": "a restore is running there: …"},
    410: {"errorCode": "GONE", "errorMessage": "this archive cannot be made again as it was: ask for it anew"},
    412: {"errorCode": "PRECONDITION_FAILED", "errorMessage": "the archive has another ETag"},
    413: {"errorCode": "TOO_LARGE", "errorMessage": "the body is larger than 256 KiB"},
    416: {"errorCode": "RANGE_NOT_SATISFIABLE", "errorMessage": "no byte of it is asked for"},
    429: {"errorCode": "TOO_MANY_REQUESTS", "errorMessage": "this key calls too often: wait as Retry-After says"},
    500: {"errorCode": "INTERNAL", "errorMessage": "the gateway met a defect; its log says more"},
    503: {
        "errorCode": "NOT_KNOWN_YET",
        "errorMessage": "not known yet: repeat with this Idempotency-Key, …",
    },
}
"""By status."""

REFUSED_TO_SCRIPTS: Final[dict[int, dict[str, str]]] = {
    400: {"errorCode": "ENVIRONMENT_BUSY", "errorMessage": "a restore is running there: …"},
    401: REFUSED[401],
    403: REFUSED[403],
    404: REFUSED[404],
    429: REFUSED[429],
    500: {"errorCode": "SERVICE_UNAVAILABLE", "errorMessage": "a part of the platform is away: try again"},
}
"""By status, in the compatible API (spec: backups-api-v2, "Errors")."""
