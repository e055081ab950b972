"""Where things are in the object store (contracts/FORMAT.md, "Layout")."""

import re
from contextlib import suppress
from typing import Final
from uuid import UUID

_DIGEST: Final = re.compile("[0-9a-f]{64}")

CONDEMNATION: Final = "complete"
"""The name of the object that ends a mark; its parts have random ones."""

KEYS: Final = "keys/"
"""Where the wrapped keys of all environments are."""


ENVIRONMENTS: Final = "environments/"
"""Below it lies everything of all environments, but for the keys."""


def id_in(key: str) -> UUID | None:
    """The id that a key ends with; None for what is not ours: a console's folder, or what a file manager left."""
    name = key.rpartition("/")[2]
    with suppress(ValueError):
        found = UUID(name)
        return found if str(found) == name else None
    return None


def digest_in(key: str) -> bytes | None:
    """The same of the digest of a content of the first format."""
    name = key.rpartition("/")[2]
    return bytes.fromhex(name) if _DIGEST.fullmatch(name) else None


def prefix(environment_id: UUID) -> str:
    """Below it lies everything of an environment, and nothing else."""
    return f"{ENVIRONMENTS}{environment_id}/"


def content_prefix(environment_id: UUID) -> str:
    """Where an environment's contents are."""
    return f"{prefix(environment_id)}content/"


def content_key(environment_id: UUID, name: str) -> str:
    """Where a content is."""
    return f"{content_prefix(environment_id)}{name[:2]}/{name}"


def manifest_prefix(environment_id: UUID) -> str:
    """Where an environment's manifests and tombstones are."""
    return f"{prefix(environment_id)}manifests/"


def manifest_key(environment_id: UUID, backup_id: UUID) -> str:
    """Where a backup's manifest or tombstone is; the epoch of a job is no part of it (architecture §2.11)."""
    return f"{manifest_prefix(environment_id)}{backup_id}"


def begun_prefix(environment_id: UUID) -> str:
    """Where the markers of begun backups are."""
    return f"{prefix(environment_id)}begun/"


def condemned_prefix(environment_id: UUID, mark_id: UUID | None = None) -> str:
    """Where what is condemned is named; by one mark, or by all."""
    return f"{prefix(environment_id)}condemned/" + (f"{mark_id}/" if mark_id else "")


def damaged_prefix(environment_id: UUID) -> str:
    """Where packs are named that were found damaged."""
    return f"{prefix(environment_id)}damaged/"


def pack_prefix(environment_id: UUID) -> str:
    """Where an environment's packs are."""
    return f"{prefix(environment_id)}packs/"


def pack_place(pack_id: UUID) -> str:
    """Where a pack is, below the environment's prefix."""
    return f"packs/{str(pack_id)[:2]}/{pack_id}"


def pack_key(environment_id: UUID, pack_id: UUID) -> str:
    """Where a pack is."""
    return prefix(environment_id) + pack_place(pack_id)


def index_prefix(environment_id: UUID) -> str:
    """Where an environment's index objects are."""
    return f"{prefix(environment_id)}index/"


def key_prefix(environment_id: UUID) -> str:
    """Where an environment's wrapped data keys are, in the store of the wraps."""
    return f"{KEYS}{environment_id}/"
