"""What happened to apps and environments."""

from uuid import UUID

from pydantic import AwareDatetime

from contracts.envelope import Event
from contracts.values import (
    CloudVersion,
    DatabasePlace,
    FilesPlace,
    Finding,
    Hook,
    HookAction,
    Mode,
    ModelVersion,
    PackageBytes,
    Region,
    Schedule,
    Sha256,
)


class AppRegistered(Event):
    """An app is known."""

    app_id: UUID
    name: str
    slug: str


class AppUpdated(Event):
    """An app's name or slug changed; both are told."""

    app_id: UUID
    name: str
    slug: str


class AppRemoved(Event):
    """An app is forgotten."""

    app_id: UUID


class _EnvironmentDescribed(Event):
    app_id: UUID
    environment_id: UUID
    name: str
    mode: Mode
    region: Region
    cloud_version: CloudVersion
    database: DatabasePlace
    files: FilesPlace
    documents_query: str | None
    schedule: Schedule | None
    hook: Hook | None = None
    check_id: UUID


class EnvironmentRegistered(_EnvironmentDescribed):
    """An environment is known; check `check_id` looks at it."""


class EnvironmentUpdated(_EnvironmentDescribed):
    """An environment is described anew, whole; check `check_id` looks at it."""


class EnvironmentRemoved(Event):
    """An environment is forgotten; its backups keep their expiry."""

    app_id: UUID
    environment_id: UUID


class EnvironmentCheckRequested(Event):
    """Somebody wants an environment looked at again."""

    app_id: UUID
    environment_id: UUID
    check_id: UUID


class EnvironmentChecked(Event):
    """What a check found (said by the snapshot service); `passed` when no finding stands in the way."""

    environment_id: UUID
    check_id: UUID
    checked_at: AwareDatetime
    passed: bool
    server_version: str | None
    findings: tuple[Finding, ...]


class PackageDeployed(Event):
    """An environment runs this model version from now on; what is not known of its package is None."""

    environment_id: UUID
    model_version: ModelVersion
    package_bytes: PackageBytes | None = None
    package_sha256: Sha256 | None = None


class EnvironmentStarted(Event):
    """The app runs."""

    environment_id: UUID


class EnvironmentStopped(Event):
    """The app is stopped."""

    environment_id: UUID


class HookCallRequested(Event):
    """The platform is to be asked by the environment's hook; until it has answered the app counts as it did.

    `app_services` are those that it is asked to unpublish.
    """

    call_id: UUID
    app_id: UUID
    environment_id: UUID
    action: HookAction
    app_services: tuple[str, ...] = ()


class HookAnswered(Event):
    """The platform has done it (said by the restore service)."""

    call_id: UUID
    environment_id: UUID
    action: HookAction
    answered_at: AwareDatetime


class HookFailed(Event):
    """The platform has refused it or given no answer (said by the restore service): the app counts as it did."""

    call_id: UUID
    environment_id: UUID
    action: HookAction
    failed_at: AwareDatetime
    reason: str


class AppServicePublished(Event):
    """The app publishes a service."""

    environment_id: UUID
    service_name: str


class AppServiceUnpublished(Event):
    """A service is no longer published."""

    environment_id: UUID
    service_name: str
