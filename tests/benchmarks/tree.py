"""Many small documents, as an app keeps them: made, changed and compared, without a list of them in memory."""

import os
import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final
from uuid import UUID

DOCUMENT_BYTES: Final = 10_000
COMPARED: Final = 20_000
"""Documents that are compared at most after a restore, spread over all; the others are counted."""


def names(count: int) -> Iterator[str]:
    """Names of documents, the same ones each time."""
    chance = random.Random(1)  # noqa: S311 -- names, no secrets
    for _ in range(count):
        yield str(UUID(int=chance.getrandbits(128), version=4))


def content() -> bytes:
    """Half of it does not compress; no two are alike."""
    return os.urandom(DOCUMENT_BYTES // 2) + b"text " * (DOCUMENT_BYTES // 10)


def path_of(root: Path, name: str) -> Path:
    """Where a document is."""
    return root / name[:2] / name[2:4] / name


def grow(root: Path, count: int) -> None:
    """Make all of them."""
    for name in names(count):
        path = path_of(root, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content())


def change(root: Path, count: int, one_in: int) -> None:
    """Put others of the same size in the place of some, anywhere; a document never changes while it has its name."""
    for name in islice(names(count), 0, None, one_in):
        path = path_of(root, name)
        other = path.with_name(f"{name}.new")
        other.write_bytes(content())
        other.replace(path)


def differences(root: Path, other: Path, count: int) -> int:
    """How many documents `other` lacks, has too many, or has otherwise."""
    every = max(1, count // COMPARED)
    chosen = islice(names(count), 0, None, every)
    unlike = sum(not _alike(path_of(root, name), path_of(other, name)) for name in chosen)
    return unlike + abs(count - sum(len(files) for top in _below(other) for _, _, files in os.walk(top)))


def _alike(one: Path, other: Path) -> bool:
    return other.is_file() and one.read_bytes() == other.read_bytes()


def outermost(restored: Path) -> Path:
    """Where a peer that restores whole paths has put the documents: below directories that hold nothing else."""
    while len(found := _below(restored)) == 1:
        restored = found[0]
    return restored


def _below(root: Path) -> list[Path]:
    """Without what a restore keeps there for an undo."""
    return [one for one in root.iterdir() if not one.name.startswith(".")]
