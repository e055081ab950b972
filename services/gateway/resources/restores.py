"""Restores and preflights as the HTTP API takes and shows them."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from contracts.events.restores import DatabaseRestored, FilesRestored
from contracts.facts import UNKNOWN, Facts
from contracts.states import RestoreState
from contracts.values import (
    Finding,
    StepTime,
    Warning,  # noqa: A004 -- the product's word
)
from services.gateway.resources.backups import Failure
from services.gateway.resources.shapes import Asked, Resource


class NewRestore(Asked):
    """A restore, or a preflight of one, into the environment that the address names."""

    backup_id: UUID
    database_only: bool = False


class Restore(Resource):
    """A restore. `undo_until` is null where nothing can be undone (any more); `undo_failure` is the newest one's."""

    restore_id: UUID
    backup_id: UUID
    environment_id: UUID
    source_environment_id: UUID
    app_id: UUID
    database_only: bool
    state: RestoreState
    status_message: str = ""
    requested_at: datetime
    requested_by: str
    started_at: datetime | None = None
    finished_at: datetime | None = None
    switched_at: datetime | None = None
    model_version: str | None = None
    undo_state: Literal["none", "possible", "running", "failed", "done", "gone"] = "none"
    undo_until: datetime | None = None
    database: DatabaseRestored | None = None
    files: FilesRestored | None = None
    sessions_ended: tuple[str, ...] = ()
    warnings: tuple[Warning, ...] = ()
    steps: tuple[StepTime, ...] = ()
    failure: Failure | None = None


class Preflight(Resource):
    """A look whether a restore would go well; `state` is `running` until its findings are there.

    `facts` say what was looked at, whatever was found; until then what is known without a look.
    """

    preflight_id: UUID
    backup_id: UUID
    environment_id: UUID
    database_only: bool
    state: Literal["running", "passed", "failed"]
    checked_at: datetime | None = None
    findings: tuple[Finding, ...] = ()
    warnings: tuple[Warning, ...] = ()
    facts: Facts = UNKNOWN


class RestorePage(Resource):
    """Restores, newest first."""

    restores: list[Restore]
    next: str | None = None
