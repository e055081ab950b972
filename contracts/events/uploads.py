"""What happened to uploads of data."""

from uuid import UUID

from pydantic import AwareDatetime

from contracts.envelope import Event
from contracts.errors import FailureCode
from contracts.events.archives import DataType
from contracts.values import Parcel, StepTime, Value, Warning  # noqa: A004 -- the product's word


class UploadRequested(Event):
    """An upload into `environment_id` was accepted; until its end nothing else may change that environment.

    It begins when the backup `safety_backup_id` has completed. `app_services` are published now, and will not be.
    """

    upload_id: UUID
    app_id: UUID
    environment_id: UUID
    parcel: Parcel
    data_type: DataType
    requested_at: AwareDatetime
    requested_by: str
    safety_backup_id: UUID | None
    app_services: tuple[str, ...]


class UploadCancelRequested(Event):
    """Somebody wants an upload stopped; the committed switch decides."""

    upload_id: UUID
    environment_id: UUID


class UploadStarted(Event):
    """Work on an upload began (said by the restore service, as all that follow)."""

    upload_id: UUID
    environment_id: UUID
    started_at: AwareDatetime


class PackageRemoved(Event):
    """The platform has removed the deployment package for an upload, whatever becomes of that from here on."""

    upload_id: UUID
    environment_id: UUID
    removed_at: AwareDatetime


class EnvironmentCleared(Event):
    """An upload has switched: database and documents from before are not in place any more, nor any package."""

    upload_id: UUID
    environment_id: UUID
    cleared_at: AwareDatetime


class AppServicesUnpublished(Event):
    """An upload into production has unpublished these, whatever becomes of it from here on."""

    upload_id: UUID
    environment_id: UUID
    service_names: tuple[str, ...]


class DatabaseUploaded(Value):
    """What was loaded."""

    bytes: int
    tables: int


class FilesUploaded(Value):
    """How many documents there are now, and their size."""

    count: int
    bytes: int


class DataUploaded(Event):
    """The environment holds exactly what was uploaded.

    `database` is None where there was no dump: then the database is empty. `model_version` is what the data needs,
    where the archive told.
    """

    upload_id: UUID
    environment_id: UUID
    finished_at: AwareDatetime
    switched_at: AwareDatetime
    model_version: str | None
    database: DatabaseUploaded | None
    files: FilesUploaded
    sessions_ended: tuple[str, ...]
    warnings: tuple[Warning, ...]
    steps: tuple[StepTime, ...] = ()


class UploadFailed(Event):
    """An upload ended with database and documents as they were; PackageRemoved and AppServicesUnpublished stand."""

    upload_id: UUID
    environment_id: UUID
    finished_at: AwareDatetime
    code: FailureCode
    reason: str
    retryable: bool
