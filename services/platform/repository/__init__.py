"""The stored form of backups in an object store: contents, manifests and tombstones of one environment each.

The front door is `Repository.of(environment_id)`, which gives an `EnvironmentRepository` (see `port`).
"""

from services.platform.repository.lists import read_dangling, read_document_texts, read_documents
from services.platform.repository.opening import Bucket, open_bucket, open_bucket_unseen
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
    "Bucket",
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
    "open_bucket",
    "open_bucket_unseen",
    "read_dangling",
    "read_document_texts",
    "read_documents",
]
