"""The object that makes a backup exist, and the one that makes sure that it never will (contracts/FORMAT.md).

ManifestError
├── MalformedManifestError      no JSON, or not the shape of its version
└── UnknownManifestError        another format, or a version of a newer release: stop, do not guess
"""

import json
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints, ValidationError

from contracts.envelope import Event
from contracts.errors import ContractError, FailureCode
from contracts.events.backups import BackupKind, NightlySlot, References, Tier, WindowEnd
from contracts.values import (
    CloudVersion,
    Finding,
    Mode,
    Region,
    StepTime,
    Value,
    Warning,  # noqa: A004 -- the product's word
)

VERSION: Final = 3
FIRST_VERSION: Final = 1
"""Not encrypted, one object per content; still read."""
CONTENT_BYTES: Final = 16 * 1024 * 1024
"""A content holds at most so many bytes of input: large enough for a store, small enough for memory."""

ContentName = Annotated[str, StringConstraints(pattern=r"^(b3:)?[0-9a-f]{64}$")]
"""The keyed hash of a content's bytes, 32 bytes in hexadecimal: BLAKE3 with its mark, BLAKE2b in version 1."""
Size = Annotated[int, Field(ge=0)]


class ManifestError(ContractError, ValueError):
    """Bytes that are no manifest of ours; never worth a retry as they are."""


class MalformedManifestError(ManifestError):
    """No JSON, or not the shape of its version: damaged, or written by something else."""


class UnknownManifestError(ManifestError):
    """Another format, or a version that only a newer release writes: upgrade before reading."""


class ContentSequence(Value):
    """Bytes in the repository: the contents they were cut into, in order, and the keyed hash of the whole.

    The hash of a single content is its name; of several, the keyed hash of all bytes (in version 1: of their names,
    joined).
    """

    contents: Annotated[tuple[ContentName, ...], Field(min_length=1)]
    hash: ContentName
    bytes: Size


class Lines(ContentSequence):
    """A list in the repository: JSON lines, sorted by document id."""

    count: Size


class DocumentLine(Value):
    """One line of the list of documents.

    `place` is the path below the root. `stamp` says which state of the file was read, and may say one of its directory
    (opaque to everyone but the connector that wrote it); `settled` whether the same state of the file in a later
    listing proves the same content. `referenced` is None where the references are unproven. `from_previous` marks what
    had vanished since the listing.
    """

    id: UUID
    place: Annotated[str, StringConstraints(min_length=36, max_length=4096)]
    size: Size
    stamp: str
    settled: bool
    referenced: bool | None
    contents: Annotated[tuple[ContentName, ...], Field(min_length=1)]
    hash: ContentName
    from_previous: bool = False


class DanglingLine(Value):
    """One line of the list of dangling references: a document that a row names and that was not there."""

    id: UUID
    size: Size | None


class DumpImage(Value):
    """An earlier dump that later ones are stored against: its contents, its fingerprints, what its own deltas need.

    Every content but the last has exactly CONTENT_BYTES of the dump. The backup that it was made for may be gone.
    """

    contents: Annotated[tuple[ContentName, ...], Field(min_length=1)]
    prints: tuple[ContentName, ...]
    bases: tuple[ContentName, ...]
    bytes: Size

    def named(self) -> Sequence[str]:
        """Every content that it needs."""
        return (*self.contents, *self.prints, *self.bases)


class DumpChain(Value):
    """What a dump was stored against, and what the next one must know of it (since version 2).

    `full` is the full dump at the bottom, None when this is one; `anchor` a delta of that, when this is a delta of the
    anchor. `bases` are contents that its deltas need besides those. `own_stored_bytes` is what its contents take.
    """

    prints: tuple[ContentName, ...]
    bases: tuple[ContentName, ...]
    own_stored_bytes: Size
    full: DumpImage | None = None
    full_stored_bytes: Size = 0
    anchor: DumpImage | None = None

    def named(self) -> Sequence[str]:
        """Every content that must stay for the dump, and for what the next one builds upon."""
        images = [image for image in (self.full, self.anchor) if image]
        return (*self.prints, *self.bases, *(name for image in images for name in image.named()))


class DatabasePart(ContentSequence):
    """The dump: PostgreSQL's custom format, uncompressed inside, with owners, grants and policies.

    `stored_bytes` is what this backup added to the store; `findings` is what a restore cannot bring back by itself.
    """

    dump: Literal["postgresql-custom"] = "postgresql-custom"
    server_version: str
    tables: Size
    stored_bytes: Size
    snapshot_held_seconds: float
    findings: tuple[Finding, ...] = ()
    chain: DumpChain | None = None


class FilesPart(Value):
    """The documents; `new_…` is what was not in the environment's previous backup, `stored_bytes` what this one added.

    `dangling` is None where there are none or the references are unproven.
    """

    kind: Literal["directory", "s3"]
    count: Size
    bytes: Size
    new_count: Size
    new_bytes: Size
    stored_bytes: Size
    listing: Lines
    dangling: Lines | None

    def listing_parts(self) -> Sequence[Lines]:
        """The list of documents in the parts that can be read by themselves; in version 1 that is all of it."""
        listing = self.listing
        if not listing.contents[0].startswith("b3:"):
            return (listing,)
        return tuple(Lines(contents=(name,), hash=name, bytes=0, count=0) for name in listing.contents)


class BackupEntry(Value):
    """What the catalog knows of a backup from the day it was asked for: enough to make its entry again.

    The last four are there since version 3.
    """

    backup_id: UUID
    environment_id: UUID
    app_id: UUID
    kind: BackupKind
    created_at: AwareDatetime
    created_by: str
    comment: str
    model_version: str | None
    slot_date: date
    calendar_offset: str
    tiers: tuple[Tier, ...]
    expires_at: AwareDatetime | None
    policy: str
    policy_version: int
    rule_version: int = 1
    windows: tuple[WindowEnd, ...] = ()
    slot: NightlySlot | None = None
    fills_gap: date | None = None

    @classmethod
    def of(cls, requested: Event) -> "BackupEntry":
        """The entry of a BackupRequested: the fields that both have."""
        return cls.model_validate({name: getattr(requested, name) for name in cls.model_fields})


class EnvironmentEntry(Value):
    """Where a backup comes from, in words; no address and no secret."""

    name: str
    mode: Mode
    region: Region
    cloud_version: CloudVersion


class Manifest(Value):
    """A backup: what it is, where its bytes are, how it was made. Immutable.

    `key_id` says where the wraps lie; in version 1 it tells a wrong master key from damaged bytes. `restore_point` is
    the instant of the exported snapshot.
    """

    format: Literal["nightkeep-manifest"] = "nightkeep-manifest"
    version: Literal[1, 2, 3] = 3
    key_id: str
    backup: BackupEntry
    environment: EnvironmentEntry
    started_at: AwareDatetime
    finished_at: AwareDatetime
    restore_point: AwareDatetime
    database: DatabasePart
    files: FilesPart
    references: References
    dangling_count: Size
    orphan_count: Size
    warnings: tuple[Warning, ...]
    steps: tuple[StepTime, ...]
    previous_backup_id: UUID | None

    @property
    def backup_id(self) -> UUID:
        """Whose manifest it is."""
        return self.backup.backup_id

    @property
    def environment_id(self) -> UUID:
        """Whose repository it lies in."""
        return self.backup.environment_id

    @property
    def stored_bytes(self) -> int:
        """What this backup added to the store, database and documents together."""
        return self.database.stored_bytes + self.files.stored_bytes


class Burial(StrEnum):
    """Why a tombstone stands where a manifest would."""

    FAILED = "failed"
    CANCELLED = "cancelled"
    DELETED = "deleted"


class Tombstone(Value):
    """A backup that does not exist, for ever: put before a failure is told, or in place of a deleted manifest."""

    format: Literal["nightkeep-tombstone"] = "nightkeep-tombstone"
    version: Literal[1, 2] = 2
    backup_id: UUID
    environment_id: UUID
    buried_at: AwareDatetime
    why: Burial
    code: FailureCode | None
    reason: str


def serialize(entry: Manifest | Tombstone) -> bytes:
    """The bytes to store; fields that a version does not have are left out."""
    added = _ADDED_BEHIND.get(entry.version) if isinstance(entry, Manifest) else None
    return entry.model_dump_json(exclude=added).encode()


def parse(data: bytes) -> Manifest | Tombstone:
    """The manifest or tombstone in `data`. Raises one of the ManifestError tree, which names the field."""
    fields = _json_object(data)
    kind = _KINDS.get(str(fields.get("format")))
    if kind is None:
        raise UnknownManifestError(f"the format {str(fields.get('format'))[:100]!r} is none of ours")
    _refuse_unknown_version(fields.get("version"))
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        raise MalformedManifestError(f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}") from error


_OF_ENTRY: Final = {"rule_version", "windows", "slot", "fills_gap"}
_ADDED_BEHIND: Final[dict[int, dict[str, set[str]]]] = {
    1: {"database": {"chain"}, "backup": _OF_ENTRY},
    2: {"backup": _OF_ENTRY},
}
"""Fields that later versions have."""


_KINDS: Final[dict[str, type[Manifest] | type[Tombstone]]] = {
    "nightkeep-manifest": Manifest,
    "nightkeep-tombstone": Tombstone,
}


def _json_object(data: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise MalformedManifestError("it is not JSON in UTF-8: cut short, or damaged") from error
    if not isinstance(fields, dict):
        raise MalformedManifestError("it is no JSON object")
    return fields


def _refuse_unknown_version(version: object) -> None:
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise MalformedManifestError("version: a positive number is missing")
    if version > VERSION:
        raise UnknownManifestError(f"the format has version {version}, this release reads up to {VERSION}: upgrade it")
