"""The stored form of backups in an object store: contents, manifests and tombstones of one environment each.

The front door is `Repository.of(environment_id)`, which gives an `EnvironmentRepository` (see `port`).
"""

from services.platform.repository.lists import read_dangling, read_documents
from services.platform.repository.opening import open_for_reading, open_repository
from services.platform.repository.port import EnvironmentRepository, Hasher, Repository, StoredSequence, Verdict
from services.platform.repository.v1 import RepositoryV1

__all__ = [
    "EnvironmentRepository",
    "Hasher",
    "Repository",
    "RepositoryV1",
    "StoredSequence",
    "Verdict",
    "open_for_reading",
    "open_repository",
    "read_dangling",
    "read_documents",
]
