"""Apps and environments as the HTTP API takes and shows them."""

from datetime import date, datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import model_validator

from contracts.commands.apps import refuse_unknown_region
from contracts.values import (
    CloudVersion,
    DatabasePlace,
    FilesPlace,
    Finding,
    Hook,
    HookAction,
    Mode,
    ModelVersion,
    Name,
    PackageBytes,
    Region,
    RunState,
    Schedule,
    Sha256,
    Slug,
    Sql,
)
from services.gateway.resources.shapes import Asked, Resource
from services.gateway.resources.slots import Slot


class NewApp(Asked):
    """An app to register; with an `app_id` under that one, which only the platform's administrators choose."""

    name: Name
    slug: Slug
    app_id: UUID | None = None


class AppChange(Asked):
    """What is to change of an app; what is not given stays."""

    name: Name | None = None
    slug: Slug | None = None


class NewEnvironment(Asked):
    """An environment to register in an app; with an `environment_id` under that one."""

    name: Name
    mode: Mode
    region: Region
    cloud_version: CloudVersion
    database: DatabasePlace
    files: FilesPlace
    documents_query: Sql | None = None
    schedule: Schedule | None = None
    hook: Hook | None = None
    environment_id: UUID | None = None

    @model_validator(mode="after")
    def _region_has_this_version(self) -> Self:
        refuse_unknown_region(self.region, self.cloud_version)
        return self


class EnvironmentChange(Asked):
    """What is to change of an environment; what is not given stays, or goes: `without_hook`, `without_schedule`.

    A changed place is checked anew.
    """

    name: Name | None = None
    mode: Mode | None = None
    database: DatabasePlace | None = None
    files: FilesPlace | None = None
    documents_query: Sql | None = None
    schedule: Schedule | None = None
    hook: Hook | None = None
    without_hook: bool = False
    without_schedule: bool = False


class Deployment(Asked):
    """The model version that an environment runs from now on, with size and SHA-256 of its deployment package."""

    model_version: ModelVersion
    package_bytes: PackageBytes | None = None
    package_sha256: Sha256 | None = None


class AppService(Asked):
    """A service that an environment's app publishes."""

    service_name: Name


class StoppedSweep(Resource):
    """A sweep that would let too much go at once and waits for a person; `examples` are the first to go.

    `due_count` would really go; `held_count` more are over, and stay pinned or as the last good one.
    """

    sweep_id: UUID
    stopped_at: datetime
    due_count: int
    backup_count: int
    cap_count: int
    cap_share: float
    examples: tuple[UUID, ...] = ()
    held_count: int = 0


class StoppedSchedule(Resource):
    """A nightly schedule that stopped since more nights were overdue at once than an absence explains."""

    stop_id: UUID
    stopped_at: datetime
    waiting_since: datetime
    overdue_count: int
    cap_count: int


class Reclaimed(Resource):
    """What the store has got back of deleted backups, since the environment's beginning."""

    bytes: int = 0
    contents: int = 0
    objects: int = 0
    reclaimed_at: datetime | None = None


class Space(Resource):
    """Bytes of an environment's backups: restored together, in the store, needed by several of them, needed by none."""

    logical_bytes: int
    stored_bytes: int
    shared_bytes: int
    reclaimable_bytes: int


class Stored(Resource):
    """What the newest check of the stored backups found; so many percent of them were read byte by byte."""

    checked_at: datetime
    read_percent: int
    backups: int
    damage_count: int
    space: Space | None = None


class HookCall(Resource):
    """What an environment's platform is being asked."""

    call_id: UUID
    action: HookAction


class App(Resource):
    """An app."""

    app_id: UUID
    name: str
    slug: str


class Check(Resource):
    """The newest look at an environment; `state` is `running` until its findings are there."""

    check_id: UUID
    state: Literal["running", "passed", "failed"]
    checked_at: datetime | None = None
    server_version: str | None = None
    findings: tuple[Finding, ...] = ()


class Environment(Resource):
    """An environment. `ever_passed` says whether it takes backups; `check` is the newest look at it.

    `data_model_version` is the model version that its data needs since a restore, where that is not the deployed one.
    `gap` is a Sunday whose nightly run ended without a backup, which nothing has made up for. `hook_call` is what its
    platform is being asked, `hook_failure` why it did not do what it was asked last. `next_slot` is the planned
    nightly run.
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
    hook: Hook | None = None
    hook_call: HookCall | None = None
    hook_failure: str | None = None
    run_state: RunState
    model_version: str | None = None
    package_bytes: int | None = None
    package_sha256: str | None = None
    data_model_version: str | None = None
    app_services: tuple[str, ...] = ()
    next_slot: Slot | None = None
    gap: date | None = None
    stopped_sweep: StoppedSweep | None = None
    stopped_schedule: StoppedSchedule | None = None
    reclaimed: Reclaimed = Reclaimed()
    stored: Stored | None = None
    ever_passed: bool = False
    check: Check | None = None


class AppPage(Resource):
    """Apps by slug; `next` is the place to go on from, null on the last page."""

    apps: list[App]
    next: str | None = None


class EnvironmentPage(Resource):
    """Environments by app and name."""

    environments: list[Environment]
    next: str | None = None
