"""The stored form of backups in an object store: contents, manifests and tombstones of one environment each.

The front door is `Repository.of(environment_id)`, which gives an `EnvironmentRepository` (see `port`).
"""

from services.platform.repository.port import EnvironmentRepository, Hasher, Repository, StoredSequence

__all__ = ["EnvironmentRepository", "Hasher", "Repository", "StoredSequence"]
