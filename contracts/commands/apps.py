"""Commands on apps and environments, and on what runs there."""

from typing import Self
from uuid import UUID

from pydantic import model_validator

from contracts.envelope import Command
from contracts.values import (
    CloudVersion,
    DatabasePlace,
    FilesPlace,
    Hook,
    Mode,
    ModelVersion,
    Name,
    PackageBytes,
    Region,
    Schedule,
    Sha256,
    Slug,
    Sql,
)


def refuse_unknown_region(region: Region, cloud_version: CloudVersion) -> None:
    """Refuses what has no nightly time: nothing is defaulted (spec: retention §1). Raises ValueError."""
    if region is Region.ASIA_PACIFIC and cloud_version is CloudVersion.V3:
        raise ValueError("cloud version v3 does not exist in asia-pacific: register the environment as v4")


class RegisterApp(Command):
    """Make an app known."""

    app_id: UUID
    name: Name
    slug: Slug


class UpdateApp(Command):
    """Change an app's name; what is not given stays."""

    app_id: UUID
    name: Name | None = None
    slug: Slug | None = None


class RemoveApp(Command):
    """Forget an app that has no environment any more."""

    app_id: UUID


class RegisterEnvironment(Command):
    """Make an environment known; its check starts at once."""

    app_id: UUID
    environment_id: UUID
    name: Name
    mode: Mode
    region: Region
    cloud_version: CloudVersion
    database: DatabasePlace
    files: FilesPlace
    documents_query: Sql | None = None
    schedule: Schedule | None = None
    hook: Hook | None = None

    @model_validator(mode="after")
    def _region_has_this_version(self) -> Self:
        refuse_unknown_region(self.region, self.cloud_version)
        return self


class UpdateEnvironment(Command):
    """Change an environment; what is not given stays, or goes: `without_hook`, `without_schedule`.

    A changed place is checked anew; without a schedule of its own it follows its region's again.
    """

    environment_id: UUID
    name: Name | None = None
    mode: Mode | None = None
    database: DatabasePlace | None = None
    files: FilesPlace | None = None
    documents_query: Sql | None = None
    schedule: Schedule | None = None
    hook: Hook | None = None
    without_hook: bool = False
    without_schedule: bool = False


class RemoveEnvironment(Command):
    """Stop an environment's schedule and forget how to reach it; its backups keep their expiry."""

    environment_id: UUID


class CheckEnvironment(Command):
    """Look again whether an environment can be backed up and restored."""

    check_id: UUID
    environment_id: UUID


class DeployPackage(Command):
    """Say which model version an environment runs from now on; size and SHA-256 are of its deployment package."""

    environment_id: UUID
    model_version: ModelVersion
    package_bytes: PackageBytes | None = None
    package_sha256: Sha256 | None = None


class StartEnvironment(Command):
    """Say that the app runs; where there is a hook, have the platform start it."""

    environment_id: UUID


class StopEnvironment(Command):
    """Say that the app is stopped; where there is a hook, have the platform stop it."""

    environment_id: UUID


class PublishAppService(Command):
    """Say that the app publishes a service."""

    environment_id: UUID
    service_name: Name


class UnpublishAppService(Command):
    """Say that a service is no longer published."""

    environment_id: UUID
    service_name: Name
