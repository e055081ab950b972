"""Every setting of every service in one place, read from the environment and checked before anything starts."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ByteSize, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from contracts import defaults

PREFIX: Final = "NIGHTKEEP_"
ELSEWHERE: Final = (
    "NIGHTKEEP_CLI_",
    "NIGHTKEEP_STACK_",
    "NIGHTKEEP_TEST_",
    "NIGHTKEEP_DATA_DIR",
    "NIGHTKEEP_CACHE_DIR",
    "NIGHTKEEP_URL",
    "NIGHTKEEP_USER",
    "NIGHTKEEP_API_KEY",
    "NIGHTKEEP_KEY_FILE",
)
"""Keys of the command line, of the local stack and of the tests: a service meets them and looks away."""

SslMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]
Port = Annotated[int, Field(ge=0, le=65535)]
ReadRate = Annotated[ByteSize, Field(ge=defaults.LEAST_READ_BYTES_PER_SECOND)]
NoneIfEmpty = BeforeValidator(lambda value: None if value == "" else value)
"""Compose files and shells say "not set" with an empty text."""


class Group(BaseModel):
    """Settings that belong together: `NIGHTKEEP_<GROUP>__<KEY>`; an unknown key is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)


class KafkaSettings(Group):
    """How to reach Kafka, and how topics are made."""

    bootstrap_servers: str
    security_protocol: Literal["PLAINTEXT", "SASL_PLAINTEXT", "SSL", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    username: str | None = None
    password: SecretStr | None = None
    ca_file: Annotated[Path | None, NoneIfEmpty] = None
    session_timeout_seconds: int = defaults.SESSION_TIMEOUT_SECONDS
    replication_factor: int = defaults.REPLICATION_FACTOR
    topic_prefix: str = "nightkeep"


class PostgresSettings(Group):
    """How to reach Nightkeep's own database; the role and the schema of a service are named like the service."""

    host: str
    port: Port = 5432
    database: str = "nightkeep"
    user: str
    password: SecretStr
    sslmode: SslMode = "prefer"
    ca_file: Annotated[Path | None, NoneIfEmpty] = None
    connections: int = Field(default=10, ge=8)
    """At most so many: six services stay below the usual 100. Relay and listeners hold up to six all the time."""
    silent_seconds: float = Field(default=defaults.SILENT_SECONDS, ge=1)
    """Who says nothing for so long, within a transaction or with a lock, is asleep: PostgreSQL lets others go on."""


class S3Settings(Group):
    """How to reach the object store of the repository."""

    endpoint_url: Annotated[str | None, NoneIfEmpty] = None
    region: str = "us-east-1"
    bucket: str
    access_key_id: str
    secret_access_key: SecretStr
    ca_file: Annotated[Path | None, NoneIfEmpty] = None
    checksums: Literal["when_required", "when_supported"] = "when_required"
    prefix: str = ""


class RepositorySettings(Group):
    """The master key: 32 random bytes in hex, in a file of mode 0600, or here, or told by a command on its stdout.

    The recovery key is an X25519 pair: here is the public half, if there is one; the private one stays offline and
    unwraps what the master key wrapped.
    """

    key_file: Annotated[Path | None, NoneIfEmpty] = None
    key: Annotated[SecretStr | None, NoneIfEmpty] = None
    key_command: tuple[str, ...] = ()
    """Program and arguments as a JSON list, for a key management service; run once, when a process starts."""
    recovery_key_file: Annotated[Path | None, NoneIfEmpty] = None

    @model_validator(mode="after")
    def _has_one_key(self) -> Self:
        if sum(bool(one) for one in (self.key_file, self.key, self.key_command)) != 1:
            raise ValueError("give the master key in one way: key_file, key or key_command")
        return self


class ToolsSettings(Group):
    """PostgreSQL's client tools: major version to the directory of its programs; more are found where usual."""

    postgresql: dict[str, Path] = {}


class HealthSettings(Group):
    """Where /healthz, /readyz and /metrics answer; port 0 is nowhere. When a process is not relied on."""

    host: str = "127.0.0.1"
    port: Port = 0
    stall_seconds: float = Field(default=defaults.STALL_SECONDS, ge=1)
    """An event loop that stands still for longer is said to."""
    settle_seconds: float = Field(default=defaults.SETTLE_SECONDS, ge=0)
    """For so long afterwards the process is not ready."""


class ClockSettings(Group):
    """Business time is the machine's, unless a file moves it by seconds: for rehearsals, in every service alike."""

    moved_by_file: Annotated[Path | None, NoneIfEmpty] = None


class RehearsalSettings(Group):
    """A process that ends itself where `crash_file` says (see process/seams): never where real backups are."""

    declared: bool = False
    crash_file: Annotated[Path | None, NoneIfEmpty] = None

    @model_validator(mode="after")
    def _is_declared(self) -> Self:
        if self.crash_file is not None and not self.declared:
            raise ValueError("crash_file makes the service end itself: only with declared=true, never on real backups")
        return self


class GatewaySettings(Group):
    """Where the gateway listens, the address under which people know it (behind a proxy another one), and downloads."""

    host: str = "127.0.0.1"
    port: Port = 8080
    public_url: Annotated[str | None, NoneIfEmpty] = None
    archive_link_seconds: float = Field(
        default=defaults.ARCHIVE_LINK_HOURS * 3600, gt=0, le=defaults.LEASE_LONGEST_HOURS * 3600
    )
    deployed_url: str = Field(default=defaults.DEPLOYED_URL, min_length=1)
    """Where apps answer, for scripts of the Deploy API: `{app}` is the slug, `{environment}` the name; of an app ""."""
    downloads_at_once: int = Field(default=defaults.DOWNLOADS_AT_ONCE, ge=1)
    """At most so many in one process, looks into backups with them; a download manager opens several for one file."""
    parcel_part_bytes: int = Field(default=defaults.PARCEL_PART_BYTES, ge=1, le=defaults.PARCEL_PART_BYTES)
    parcel_parts_at_once: int = Field(default=defaults.PARCEL_PARTS_AT_ONCE, ge=1)
    """Parts that are received at once in one process; who finds no place comes again."""
    rate_per_second: float = Field(default=defaults.RATE_PER_SECOND, gt=0)
    rate_burst: int = Field(default=defaults.RATE_BURST, ge=1)
    access_gathered_seconds: float = Field(default=defaults.ACCESS_GATHERED_SECONDS, gt=0)
    read_your_writes_seconds: float = Field(default=defaults.READ_YOUR_WRITES_SECONDS, gt=0)
    answer_seconds: float = Field(default=defaults.CALL_ANSWER_SECONDS, gt=0)


class OpenIdSettings(Group):
    """A provider of identities for browsers; `user_claim` says which of its claims is the user's name here.

    `email` counts only where the provider says that it has verified it.
    """

    issuer: str
    client_id: str
    client_secret: SecretStr
    user_claim: str = "email"
    scope: str = "openid email profile"
    ca_file: Annotated[Path | None, NoneIfEmpty] = None


class LogSettings(Group):
    """For people or for machines, and from which level on."""

    format: Literal["console", "json"] = "json"
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


class WorkerSettings(Group):
    """How jobs are run (spec: messages, "Defaults"); seconds unless the name says otherwise."""

    capacity: int = Field(default=defaults.JOBS_PER_WORKER, ge=1)
    per_environment: int = Field(default=defaults.BACKUPS_PER_ENVIRONMENT, ge=1)
    per_host: int = Field(default=defaults.BACKUPS_PER_HOST, ge=1)
    lease_seconds: float = Field(default=defaults.LEASE_SECONDS, gt=0)
    heartbeat_seconds: float = Field(default=defaults.HEARTBEAT_SECONDS, gt=0)
    no_progress_seconds: float = Field(default=defaults.NO_PROGRESS_SECONDS, gt=0)
    tries: int = Field(default=defaults.JOB_TRIES, ge=1)
    backoff_first_seconds: float = Field(default=defaults.BACKOFF_FIRST_SECONDS, gt=0)
    backoff_last_seconds: float = Field(default=defaults.BACKOFF_LAST_SECONDS, gt=0)

    @model_validator(mode="after")
    def _beats_fit_into_the_lease(self) -> Self:
        if self.heartbeat_seconds * 2 > self.lease_seconds:
            raise ValueError("heartbeat_seconds must fit into lease_seconds twice, or one lost beat loses a job")
        return self


class SourceSettings(Group):
    """What a backup may take of the app that it reads: database and documents together, by each backup; "20MiB".

    Without a limit it reads as fast as it can store. The slower, the longer the dump holds its snapshot.
    """

    read_bytes_per_second: Annotated[ReadRate | None, NoneIfEmpty] = None
    niceness: int = Field(default=defaults.NICENESS, ge=0, le=19)
    """How far the service and its dumps stand behind other programs of their machine; 0 is not at all."""
    list_all_every_days: float = Field(default=defaults.LIST_ALL_EVERY_DAYS, ge=0)
    """Then a backup lists every directory of documents again, whatever its state says; 0 is each time."""
    read_all_every_days: float = Field(default=defaults.READ_ALL_EVERY_DAYS, ge=0)
    """Then a nightly backup reads every document again, whatever size and time say; 0 is never."""
    lock_wait_seconds: float = Field(default=defaults.LOCK_WAIT_SECONDS, gt=0)
    lock_tries: int = Field(default=defaults.LOCK_TRIES, ge=1)
    """How long a dump waits for a lock on a table of the app, and how often (spec: environments, "The backup")."""


class RetentionSettings(Group):
    """When sweeps run, what stops them, how long what they let go stays (spec: messages, "Defaults"); business time."""

    sweep_interval_minutes: float = Field(default=defaults.SWEEP_INTERVAL_MINUTES, gt=0)
    cap_count: int = Field(default=defaults.SWEEP_CAP_COUNT, ge=0)
    cap_share: float = Field(default=defaults.SWEEP_CAP_SHARE, ge=0, le=1)
    removal_grace_hours: float = Field(default=defaults.REMOVAL_GRACE_HOURS, ge=0)
    tombstone_days: float = Field(default=defaults.TOMBSTONE_DAYS, ge=1)
    check_interval_hours: float = Field(default=defaults.CHECK_INTERVAL_HOURS, ge=0)
    """Between two checks of an environment's stored backups; 0 is never."""
    check_read_percent: int = Field(default=defaults.CHECK_READ_PERCENT, ge=0, le=100)
    """Of an environment's packs, each time other ones; 0 looks at structure alone, and not at the first format's."""
    commands_at_once: int = Field(default=defaults.EXPIRIES_AT_ONCE, ge=1)
    answer_seconds: float = Field(default=defaults.EXPIRY_ANSWER_SECONDS, gt=0)
    """By PostgreSQL's clock, like every back-off."""


class WebhookSettings(Group):
    """Calls to the receivers of alerts; seconds unless the name says otherwise. `ca_file`: whom to trust over https."""

    capacity: int = Field(default=defaults.WEBHOOKS_AT_ONCE, ge=1)
    per_host: int = Field(default=defaults.WEBHOOKS_PER_HOST, ge=1)
    timeout_seconds: float = Field(default=defaults.WEBHOOK_SECONDS, gt=0)
    tries: int = Field(default=defaults.WEBHOOK_TRIES, ge=1)
    backoff_first_seconds: float = Field(default=defaults.BACKOFF_FIRST_SECONDS, gt=0)
    backoff_last_seconds: float = Field(default=defaults.WEBHOOK_BACKOFF_LAST_SECONDS, gt=0)
    ca_file: Annotated[Path | None, NoneIfEmpty] = None


class ProvisionSettings(Group):
    """What the one-shot setup needs besides: it comes as an administrator and gives each service its role."""

    passwords: dict[str, SecretStr]
    admin_database: str = "postgres"


class Settings(BaseSettings):
    """All groups. A service that needs an optional group redeclares it in its own `settings` module as required."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        defer_build=True,
    )

    kafka: KafkaSettings
    postgres: PostgresSettings
    s3: S3Settings | None = None
    repository: RepositorySettings | None = None
    wraps: S3Settings | None = None
    """Where the wrapped keys of the repository lie, if not in its own bucket: one that keeps no old versions."""
    secrets_directory: Annotated[Path | None, NoneIfEmpty] = None
    scratch_directory: Annotated[Path | None, NoneIfEmpty] = None
    tools: ToolsSettings = ToolsSettings()
    health: HealthSettings = HealthSettings()
    clock: ClockSettings = ClockSettings()
    rehearsal: RehearsalSettings = RehearsalSettings()
    gateway: GatewaySettings = GatewaySettings()
    log: LogSettings = LogSettings()
    worker: WorkerSettings = WorkerSettings()
    source: SourceSettings = SourceSettings()
    retention: RetentionSettings = RetentionSettings()
    webhooks: WebhookSettings = WebhookSettings()
    openid: OpenIdSettings | None = None
    provision: ProvisionSettings | None = None

    @model_validator(mode="after")
    def _knows_every_key(self) -> Self:
        if unknown := unknown_settings(os.environ):
            raise ValueError(unknown)
        return self


def unknown_settings(names: Iterable[str]) -> str | None:
    """A sentence that names the unknown keys among `names`, if there are any."""
    unknown = sorted(unknown_keys(names))
    return f"unknown settings: {', '.join(unknown)}: correct or remove them" if unknown else None


def unknown_keys(names: Iterable[str]) -> set[str]:
    """The `NIGHTKEEP_` keys among `names` that no group of settings and no other program of Nightkeep has."""
    ours = {name.upper() for name in names if name.upper().startswith(PREFIX)}
    groups = {name.upper() for name in Settings.model_fields}
    return {
        name
        for name in ours
        if not name.startswith(ELSEWHERE) and name.removeprefix(PREFIX).partition("__")[0] not in groups
    }
