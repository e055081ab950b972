"""What the HTTP API shows and takes: one shape per resource, the same for the server and for its client.

Ids, states and times have the meaning of the messages that they come from (spec: messages). Times are UTC. A field
that has no value yet is null. A reader must bear fields that it does not know.
"""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.commands.apps import refuse_unknown_region
from contracts.events.backups import BackupKind, DatabaseStored, FilesStored, References, Tier
from contracts.events.restores import DatabaseRestored, FilesRestored
from contracts.states import BackupState, RestoreState
from contracts.values import (
    CloudVersion,
    Comment,
    DatabasePlace,
    FilesPlace,
    Finding,
    Mode,
    ModelVersion,
    Name,
    Region,
    RunState,
    Schedule,
    Slug,
    Sql,
    StepTime,
    Warning,  # noqa: A004 -- the product's word
)


class Asked(BaseModel):
    """The body of a request; a field that nobody knows is refused, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class NewApp(Asked):
    """An app to register."""

    name: Name
    slug: Slug


class AppChange(Asked):
    """What is to change of an app; what is not given stays."""

    name: Name | None = None
    slug: Slug | None = None


class NewEnvironment(Asked):
    """An environment to register in an app."""

    name: Name
    mode: Mode
    region: Region
    cloud_version: CloudVersion
    database: DatabasePlace
    files: FilesPlace
    documents_query: Sql | None = None
    schedule: Schedule | None = None

    @model_validator(mode="after")
    def _region_has_this_version(self) -> Self:
        refuse_unknown_region(self.region, self.cloud_version)
        return self


class EnvironmentChange(Asked):
    """What is to change of an environment; what is not given stays, a changed place is checked anew."""

    name: Name | None = None
    mode: Mode | None = None
    database: DatabasePlace | None = None
    files: FilesPlace | None = None
    documents_query: Sql | None = None
    schedule: Schedule | None = None


class Deployment(Asked):
    """The model version that an environment runs from now on."""

    model_version: ModelVersion


class NewBackup(Asked):
    """A backup to make."""

    comment: Comment = ""


class CommentText(Asked):
    """The comment that replaces a backup's comment."""

    comment: Comment


class NewPin(Asked):
    """A hold past a backup's expiry, and why."""

    reason: Comment = ""


class NewRestore(Asked):
    """A restore, or a preflight of one, into the environment that the address names."""

    backup_id: UUID
    database_only: bool = False


class App(BaseModel):
    """An app."""

    app_id: UUID
    name: str
    slug: str


class Check(BaseModel):
    """The newest look at an environment; `state` is `running` until its findings are there."""

    check_id: UUID
    state: Literal["running", "passed", "failed"]
    checked_at: datetime | None = None
    server_version: str | None = None
    findings: tuple[Finding, ...] = ()


class Environment(BaseModel):
    """An environment. `ever_passed` says whether it takes backups; `check` is the newest look at it.

    `data_model_version` is the model version that its data needs since a restore, where that is not the deployed one.
    """

    environment_id: UUID
    app_id: UUID
    app_slug: str
    name: str
    mode: Mode
    region: Region
    cloud_version: CloudVersion
    database: DatabasePlace
    files: FilesPlace
    documents_query: str | None = None
    schedule: Schedule | None = None
    run_state: RunState
    model_version: str | None = None
    data_model_version: str | None = None
    ever_passed: bool = False
    check: Check | None = None


class Failure(BaseModel):
    """Why work failed, and whether trying again may help."""

    code: str
    reason: str
    retryable: bool


class Backup(BaseModel):
    """A backup, as the list and its details show it.

    `status_message` is one sentence for a person. `stored_bytes` is what it added to the store. `restore_point` is the
    instant of the exported snapshot; `pinned_reason` is null unless the backup is pinned.
    """

    backup_id: UUID
    environment_id: UUID
    app_id: UUID
    kind: BackupKind
    state: BackupState
    status_message: str = ""
    created_at: datetime
    created_by: str
    comment: str = ""
    model_version: str | None = None
    slot_date: date
    tiers: tuple[Tier, ...] = ()
    expires_at: datetime | None = None
    pinned: bool = False
    pinned_reason: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    database: DatabaseStored | None = None
    files: FilesStored | None = None
    stored_bytes: int | None = None
    restore_point: datetime | None = None
    references: References | None = None
    dangling_count: int | None = None
    orphan_count: int | None = None
    warnings: tuple[Warning, ...] = ()
    steps: tuple[StepTime, ...] = ()
    manifest_key: str | None = None
    manifest_hash: str | None = None
    failure: Failure | None = None


class Restore(BaseModel):
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


class Preflight(BaseModel):
    """A look whether a restore would go well; `state` is `running` until its findings are there."""

    preflight_id: UUID
    backup_id: UUID
    environment_id: UUID
    database_only: bool
    state: Literal["running", "passed", "failed"]
    checked_at: datetime | None = None
    findings: tuple[Finding, ...] = ()
    warnings: tuple[Warning, ...] = ()


class DeadLetter(BaseModel):
    """A record that was no message, or could not be handled: where it came from and why it lies here.

    `value` is its text with secrets blacked out; null where it is no text.
    """

    dead_letter_id: str
    refused_at: datetime
    topic: str
    partition: int
    offset: int
    refused_by: str
    code: str
    reason: str
    field: str | None = None
    message_id: str | None = None
    message_type: str | None = None
    key: str | None = None
    headers: dict[str, str] = {}
    value: str | None = None


class Replayed(BaseModel):
    """The new id under which a dead letter was sent again."""

    dead_letter_id: str
    message_id: UUID


class AppPage(BaseModel):
    """Apps by slug; `next` is the place to go on from, null on the last page."""

    apps: list[App]
    next: str | None = None


class EnvironmentPage(BaseModel):
    """Environments by app and name."""

    environments: list[Environment]
    next: str | None = None


class BackupPage(BaseModel):
    """Backups, newest first; `next` stays right while backups are added."""

    backups: list[Backup]
    next: str | None = None


class RestorePage(BaseModel):
    """Restores, newest first."""

    restores: list[Restore]
    next: str | None = None


class DeadLetterPage(BaseModel):
    """Dead letters, newest first."""

    dead_letters: list[DeadLetter]
    next: str | None = None


class Reading(BaseModel):
    """How far the read model is behind the log, per partition that is behind."""

    partition: int
    behind: int


class PlatformStatus(BaseModel):
    """What the gateway sees of the platform."""

    version: str
    user: str
    scopes: list[str]
    apps: int
    environments: int
    backups: dict[BackupState, int]
    restores: dict[RestoreState, int]


class Refusal(BaseModel):
    """Why a request had no effect, or why that is not known yet; `field` names the culprit where there is one."""

    errorCode: str  # noqa: N815 -- the name that scripts of the Backups API know
    errorMessage: str  # noqa: N815 -- the same
    field: str | None = None


PageSize = Annotated[int, Field(ge=1, le=500)]
"""How many things one page may hold."""
