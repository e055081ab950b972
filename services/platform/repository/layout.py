"""Where things are in the object store (contracts/FORMAT.md, "Layout")."""

from uuid import UUID


def content_key(environment_id: UUID, name: str) -> str:
    """Where a content is."""
    return f"environments/{environment_id}/content/{name[:2]}/{name}"


def manifest_prefix(environment_id: UUID) -> str:
    """Where an environment's manifests and tombstones are."""
    return f"environments/{environment_id}/manifests/"


def manifest_key(environment_id: UUID, backup_id: UUID) -> str:
    """Where a backup's manifest or tombstone is; the epoch of a job is no part of it (architecture §2.11)."""
    return f"{manifest_prefix(environment_id)}{backup_id}"
