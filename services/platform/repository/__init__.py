"""The stored form of backups in an object store: contents, manifests and tombstones of one environment each.

The front door is `Repository.of(environment_id)`, which gives an `EnvironmentRepository` (see `port`).
"""

from services.platform.repository.lists import read_dangling, read_documents
from services.platform.repository.opening import open_for_reading, open_repository
from services.platform.repository.port import (
    Condemned,
    EnvironmentRepository,
    Hasher,
    Reclaimed,
    Repository,
    Space,
    StoredDump,
    StoredSequence,
    Verdict,
)
from services.platform.repository.shredding import Remains, Shredding
from services.platform.repository.v2 import RepositoryV2

__all__ = [
    "Condemned",
    "EnvironmentRepository",
    "Hasher",
    "Reclaimed",
    "Remains",
    "Repository",
    "RepositoryV2",
    "Shredding",
    "Space",
    "StoredDump",
    "StoredSequence",
    "Verdict",
    "open_for_reading",
    "open_repository",
    "read_dangling",
    "read_documents",
]
