"""Parcels and uploads as the HTTP API takes and shows them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from contracts import defaults
from contracts.events.archives import DataType
from contracts.events.uploads import DatabaseUploaded, FilesUploaded
from contracts.states import UploadState
from contracts.values import Comment, ModelVersion, Sha256, StepTime, Warning  # noqa: A004 -- the product's word
from services.gateway.resources.backups import Failure
from services.gateway.resources.shapes import Asked, Resource


class NewParcel(Asked):
    """A file that will be sent in parts: its size in bytes, and its SHA-256 in lower-case hexadecimal."""

    size_bytes: Annotated[int, Field(ge=1, le=defaults.PARCEL_BYTES)]
    sha256: Sha256


class Gap(Resource):
    """Parts that have not come yet, from `first` to `last`, counted from 0."""

    first: int
    last: int


class Parcel(Resource):
    """A file on its way in. Every part has `part_bytes`, the last one what is left.

    `missing` are the first of the gaps; sending all of them, and looking again, sends the whole. `held_by` is the
    upload or the imported backup that works it off; without one it goes at `expires_at`.
    """

    parcel_id: UUID
    environment_id: UUID
    app_id: UUID
    size_bytes: int
    sha256: str
    part_bytes: int
    parts: int
    received: int
    missing: list[Gap]
    expires_at: datetime
    held_by: UUID | None = None


class ParcelList(Resource):
    """Files on their way into one environment, the one that was sent to last first."""

    parcels: list[Parcel]


class NewUpload(Asked):
    """An upload of what a parcel holds into the environment that the address names, which is cleared first."""

    parcel_id: UUID
    data_type: DataType
    safety_backup: bool = True


class NewImport(Asked):
    """A backup to make of what a parcel holds, which is a full archive; `model_version` is what its app ran."""

    parcel_id: UUID
    comment: Comment = ""
    model_version: ModelVersion | None = None


class Upload(Resource):
    """An upload. `model_version` is what its data needs, where the archive told; `size_bytes` is of what was sent."""

    upload_id: UUID
    environment_id: UUID
    app_id: UUID
    data_type: DataType
    size_bytes: int
    safety_backup_id: UUID | None = None
    state: UploadState
    status_message: str = ""
    requested_at: datetime
    requested_by: str
    started_at: datetime | None = None
    finished_at: datetime | None = None
    switched_at: datetime | None = None
    model_version: str | None = None
    database: DatabaseUploaded | None = None
    files: FilesUploaded | None = None
    sessions_ended: tuple[str, ...] = ()
    warnings: tuple[Warning, ...] = ()
    steps: tuple[StepTime, ...] = ()
    failure: Failure | None = None


class UploadPage(Resource):
    """Uploads, newest first."""

    uploads: list[Upload]
    next: str | None = None
