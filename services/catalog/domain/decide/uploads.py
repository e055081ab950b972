"""Decisions on uploads of data (spec: environments, "The restore"; seed page §3.2)."""

from datetime import datetime
from uuid import UUID

from contracts.commands.uploads import CancelUpload, RequestUpload
from contracts.errors import RejectionCode
from contracts.events.uploads import UploadCancelRequested, UploadRequested
from contracts.states import UploadState
from contracts.values import Mode
from services.catalog.domain.decide.environments import known as known_environment
from services.catalog.domain.decide.environments import refuse_busy
from services.catalog.domain.decide.occasions import ready_on_demand
from services.catalog.domain.decide.restores import refuse_running
from services.catalog.domain.refusals import RefusedError
from services.catalog.domain.state.environment import Environment
from services.catalog.domain.state.upload import Upload


def request_upload(  # noqa: PLR0913 -- what was asked, into what, by whom, when, with which way back
    upload: Upload | None,
    environment: Environment | None,
    command: RequestUpload,
    *,
    safety_backup_id: UUID,
    requested_by: str,
    now: datetime,
) -> UploadRequested:
    """Decided from rows alone; what was sent is looked at by the work, before anything is cleared."""
    if upload is not None:
        raise RefusedError(RejectionCode.ALREADY_EXISTS, f"upload {command.upload_id} exists", field="upload_id")
    environment = known_environment(environment, command.environment_id)
    refuse_running(environment)
    refuse_busy(environment)
    if command.safety_backup:
        ready_on_demand(environment, command.environment_id)
    return UploadRequested(
        upload_id=command.upload_id,
        app_id=environment.app_id,
        environment_id=environment.environment_id,
        parcel=command.parcel,
        data_type=command.data_type,
        requested_at=now,
        requested_by=requested_by,
        safety_backup_id=safety_backup_id if command.safety_backup else None,
        app_services=environment.services if environment.mode is Mode.PRODUCTION else (),
    )


def cancel_upload(upload: Upload | None, command: CancelUpload) -> UploadCancelRequested:
    """While it is queued or running; the committed switch then decides."""
    upload = known(upload, command.upload_id)
    if upload.state not in {UploadState.QUEUED, UploadState.RUNNING}:
        reason = f"this upload is {upload.state}: there is nothing to cancel"
        raise RefusedError(RejectionCode.NOT_ALLOWED, reason, field="upload_id")
    if upload.cancel_requested:
        raise RefusedError(RejectionCode.NOT_ALLOWED, "this upload is being cancelled already", field="upload_id")
    return UploadCancelRequested(upload_id=upload.upload_id, environment_id=upload.environment_id)


def known(upload: Upload | None, upload_id: UUID) -> Upload:
    """The upload, when there is one. Raises RefusedError."""
    if upload is None:
        raise RefusedError(RejectionCode.NOT_FOUND, f"there is no upload {upload_id}", field="upload_id")
    return upload
