"""The shapes that several messages share: an environment's places, references to secrets, what a comment may be."""

from enum import StrEnum
from re import ASCII, fullmatch
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    StringConstraints,
    WithJsonSchema,
)

from contracts import defaults

SECRET_PREFIX = "secret:"  # noqa: S105 -- the prefix of a reference, no secret


class LiteralSecretValueError(ValueError):
    """A secret in the clear; the codec turns it into LiteralSecretError."""


def _is_reference(text: str) -> str:
    name = text.removeprefix(SECRET_PREFIX)
    if name == text:
        raise LiteralSecretValueError("a secret never travels in a message: store it and send `secret:<name>`")
    if not name or not all(c.isalnum() or c in "-_." for c in name) or name.startswith("."):
        raise ValueError("a secret's name has letters, digits, '-', '_' and '.', and does not begin with '.'")
    return text


SecretReference = Annotated[str, AfterValidator(_is_reference)]
"""`secret:<name>`, resolved when it is used (spec: environments, "Rights and tools")."""


def _printable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("a text holds no NUL character")
    return text


PRINTABLE: Final = AfterValidator(_printable)
"""Stands behind a text's other constraints: those speak of characters only when they come first."""
Text = Annotated[str, PRINTABLE]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True), PRINTABLE]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$")]
Comment = Annotated[str, StringConstraints(max_length=defaults.COMMENT_CHARACTERS), PRINTABLE]
ModelVersion = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[0-9A-Za-z][0-9A-Za-z._+-]*$")]
Sql = Annotated[str, StringConstraints(min_length=1, max_length=20_000), PRINTABLE]
PackageBytes = Annotated[int, Field(ge=1, le=2**53 - 1)]
"""Up to what every reader of JSON keeps exactly."""
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""In lower-case hexadecimal."""
Identifier = Annotated[str, StringConstraints(min_length=1, max_length=63), PRINTABLE]
"""A name in PostgreSQL (63 bytes at most; the server has the last word)."""


class Mode(StrEnum):
    """What an environment is for."""

    PRODUCTION = "production"
    ACCEPTANCE = "acceptance"
    TEST = "test"


class Region(StrEnum):
    """Where an environment runs; decides its calendar and its nightly time."""

    EUROPE = "europe"
    US_EAST = "us-east"
    ASIA_PACIFIC = "asia-pacific"


class CloudVersion(StrEnum):
    """The cloud's version; decides the nightly time."""

    V3 = "v3"
    V4 = "v4"


class SslMode(StrEnum):
    """TLS to a database, as libpq knows it."""

    DISABLE = "disable"
    ALLOW = "allow"
    PREFER = "prefer"
    REQUIRE = "require"
    VERIFY_CA = "verify-ca"
    VERIFY_FULL = "verify-full"


class RunState(StrEnum):
    """Whether an environment's app runs, as the commands said."""

    RUNNING = "running"
    STOPPED = "stopped"


class Value(BaseModel):
    """A part of a message; frozen, and nothing unknown in it."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)


class Provisioner(Value):
    """The role of a database server that creates, renames and drops databases."""

    user: Identifier
    password: SecretReference


class DatabasePlace(Value):
    """Where an environment's database is and how to get in.

    Without a `provisioner` the environment role itself must have CREATEDB. `ca_file` is a path on the machine of the
    services. `extensions` are those that the provisioner may install for a restore, beside the trusted ones.
    """

    host: Annotated[str, StringConstraints(min_length=1, max_length=255), PRINTABLE]
    port: Annotated[int, Field(ge=1, le=65535)] = 5432
    name: Identifier
    user: Identifier
    password: SecretReference
    sslmode: SslMode = SslMode.PREFER
    ca_file: Text | None = None
    provisioner: Provisioner | None = None
    maintenance_database: Identifier = "postgres"
    extensions: tuple[Identifier, ...] = ()
    role_map: dict[Identifier, Identifier] = {}


class DirectoryFiles(Value):
    """File documents in a directory that the services can reach."""

    kind: Literal["directory"] = "directory"
    path: Annotated[str, StringConstraints(min_length=2, max_length=4096, pattern=r"^/"), PRINTABLE]


class S3Files(Value):
    """File documents under a prefix of a bucket."""

    kind: Literal["s3"] = "s3"
    bucket: Annotated[str, StringConstraints(min_length=3, max_length=63), PRINTABLE]
    prefix: Text = ""
    endpoint_url: Annotated[str, StringConstraints(pattern=r"^https?://", max_length=2000)] | None = None
    region: str = "us-east-1"
    credentials: SecretReference


FilesPlace = Annotated[DirectoryFiles | S3Files, Field(discriminator="kind")]


def _is_time_of_day(text: str) -> str:
    if not fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text, ASCII):
        raise ValueError(f"{text[:20]!r} is no time of day: write hours and minutes like 19:30, from 00:00 to 23:59")
    return text


TimeOfDay = Annotated[
    str,
    AfterValidator(_is_time_of_day),
    WithJsonSchema({"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d$"}),
]
"""Hours and minutes."""


class UtcSchedule(Value):
    """An environment's own nightly time, in UTC."""

    kind: Literal["utc"] = "utc"
    at: TimeOfDay


class WallClockSchedule(Value):
    """An environment's own nightly time on the wall clock of an IANA zone."""

    kind: Literal["wall-clock"] = "wall-clock"
    at: TimeOfDay
    zone: Annotated[str, StringConstraints(min_length=1, max_length=64)]


Schedule = Annotated[UtcSchedule | WallClockSchedule, Field(discriminator="kind")]


def _without_credentials(url: HttpUrl) -> HttpUrl:
    if url.username or url.password:
        raise ValueError("no user or password in an address, since it is shown: the signature says who calls")
    return url


CallableUrl = Annotated[HttpUrl, AfterValidator(_without_credentials)]
"""http or https, any host: the operator says whom Nightkeep calls."""


class HookAction(StrEnum):
    """What a platform is asked to do."""

    STOP = "stop"
    START = "start"
    UNPUBLISH = "unpublish"
    REMOVE_PACKAGE = "remove_package"


class Hook(Value):
    """Where the platform is asked that an environment runs on, and what signs the calls (HOOK.md)."""

    url: CallableUrl
    secret: SecretReference


class EnvironmentPlaces(Value):
    """All that a service needs to reach an environment."""

    database: DatabasePlace
    files: FilesPlace
    documents_query: Sql | None = None


class Warning(Value):  # noqa: A001 -- the product's word for it
    """Something that a person should know about work that succeeded.

    `code` is stable and in capitals; `count` says how many things of the kind were met, `examples` names a few.
    """

    code: str
    message: str
    count: int = 1
    examples: tuple[str, ...] = ()


class Severity(StrEnum):
    """Whether a finding stands in the way."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Finding(Value):
    """One thing that a check or a preflight saw, in words that say what to do."""

    code: str
    severity: Severity
    message: str
    subject: str = ""


class StepTime(Value):
    """How long one named step of a job took."""

    step: str
    seconds: float


class Parcel(Value):
    """A file that somebody sent in parts of `part_bytes` each, the last one shorter; `sha256` is of the whole."""

    parcel_id: UUID
    size_bytes: Annotated[int, Field(ge=1)]
    part_bytes: Annotated[int, Field(ge=1)]
    sha256: Sha256


class Lease(Value):
    """What must not lose a backup under its hands."""

    lease_id: UUID
    holder: Name
    until: AwareDatetime
