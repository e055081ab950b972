"""Writes the sample's documents as an app does: one file each, named by its id, two directories deep."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Final
from uuid import UUID

from infra.sample.plan import SEED, PlannedDocument

POOL_BYTES: Final = 1024 * 1024
STRAY: Final = "leftover upload.tmp"
"""A file that is named by no id, so no document."""
WORDS: Final = ("invoice", "customer", "Łódź", "1.250,00", "paid", "2026-03-14", "pallet", "東京", "net", "Zürich")


def place(document_id: UUID) -> str:
    """Where a document lies below the root."""
    name = str(document_id)
    return f"{name[:2]}/{name[2:4]}/{name}"


def write_documents(root: Path, documents: Iterable[PlannedDocument]) -> None:
    """Write all that have a file, and the stray, below a directory that is not there yet."""
    contents = _Contents()
    root.mkdir(parents=True)
    for document in documents:
        if document.has_file:
            path = root / place(document.document_id)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(contents.of(document))
    (root / STRAY).write_bytes(b"half of something")


def as_csv(documents: Iterable[PlannedDocument]) -> bytes:
    """The rows of office.file_document, for COPY."""
    text = io.StringIO()
    rows = csv.writer(text)
    for document in documents:
        if document.has_row:
            rows.writerow((document.document_id, document.file_name, document.media_type, document.size_bytes))
    return text.getvalue().encode()


class _Contents:
    """Pieces of two pools, one of noise and one of words, at a place that the content's number gives.

    Each pool is there twice in a row, so that a piece may begin at any place of it.
    """

    def __init__(self) -> None:
        self._noise = 2 * Random(SEED).randbytes(POOL_BYTES)  # noqa: S311 -- sample data, no secret
        words = Random(SEED).choices(WORDS, k=POOL_BYTES // 4)  # noqa: S311 -- the same
        self._words = 2 * ";".join(words).encode()[:POOL_BYTES]

    def of(self, document: PlannedDocument) -> bytes:
        """Exactly as many bytes as planned."""
        if document.size_bytes > POOL_BYTES:
            return Random(document.content).randbytes(document.size_bytes)  # noqa: S311 -- the same
        pool = self._words if document.is_text else self._noise
        start = document.content * 7919 % POOL_BYTES
        head = f"%{document.media_type} {document.content}\n".encode()
        return (head + pool[start : start + document.size_bytes])[: document.size_bytes]
