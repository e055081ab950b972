"""The stored form of backups in an object store: contents, manifests and tombstones of one environment each.

The front door is `Repository.of(environment_id)`, which gives an `EnvironmentRepository` (see `port`); a Repository
comes from `opening.open_bucket`. That is no name of this package, so that a helper process, which opens contents,
starts without the driver of buckets.
"""

from services.platform.repository.lists import read_dangling, read_document_texts, read_documents
from services.platform.repository.packs import Packed
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
from services.platform.repository.small import Present
from services.platform.repository.v2 import RepositoryV2

__all__ = [
    "Condemned",
    "EnvironmentRepository",
    "Hasher",
    "Packed",
    "Present",
    "Reclaimed",
    "Remains",
    "Repository",
    "RepositoryV2",
    "Shredding",
    "Space",
    "StoredDump",
    "StoredSequence",
    "Verdict",
    "read_dangling",
    "read_document_texts",
    "read_documents",
]
