"""Changes production after its backup, so that a restore that took anything from there would show."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

from infra.sample.app import SampleEnvironment
from infra.sample.documents import place

EACH: Final = 20
"""So many documents are removed, replaced and added."""


@dataclass(frozen=True)
class AlteredDocuments:
    """How many documents are not what they were."""

    removed: int
    replaced: int
    added: int


def alter(environment: SampleEnvironment) -> AlteredDocuments:
    """Change rows, large objects, sequences, definitions and documents of an environment. Raises SampleError."""
    environment.psql.scripts("alterations")
    return _alter_documents(environment.documents)


def _alter_documents(root: Path) -> AlteredDocuments:
    """Nightkeep's promise is for immutable documents; replacing some shows that nothing is read from here again.

    By a rename, as whoever replaces a file that others read: their directories change, so the next backup sees it.
    """
    found = sorted(path for path in root.glob("*/*/*") if path.is_file())
    removed, replaced = found[:EACH], found[EACH : 2 * EACH]
    for path in removed:
        path.unlink()
    for path in replaced:
        beside = path.with_suffix(".new")
        beside.write_bytes(b"replaced after the backup")
        beside.replace(path)
    for _ in range(EACH):
        added = root / place(uuid4())
        added.parent.mkdir(parents=True, exist_ok=True)
        added.write_bytes(os.urandom(64))
    return AlteredDocuments(len(removed), len(replaced), EACH)
