"""Which documents the sample has: ids, names and sizes, the same on every machine."""

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final
from uuid import UUID

SEED: Final = 20261124
DOCUMENTS: Final = 5_020
"""At scale 1, beside the portraits."""
PORTRAITS: Final = 60
DANGLING: Final = 2
"""Documents that a row names and no file holds; one portrait is missing too."""
ORPHANS: Final = 7
SMALLEST_BYTES: Final = 600
LARGEST_BYTES: Final = 60_000
LARGE_BYTES: Final = (2_621_440, 3_333_333, 6_291_457, 8_388_609)
"""A few scans, some of them just beyond a round number of megabytes."""
MEDIA_TYPES: Final = (("pdf", "application/pdf"), ("jpg", "image/jpeg"), ("csv", "text/csv"), ("xml", "text/xml"))
TITLES: Final = ("Rechnung", "Facture", "Vertrag für Süd", "請求書", "Umowa, Łódź", "Scan", "Ordre d'achat", "Отчёт")


@dataclass(frozen=True)
class PlannedDocument:
    """One document. `content` says which content it has: two with the same are identical."""

    document_id: UUID
    content: int
    size_bytes: int
    file_name: str
    media_type: str
    has_file: bool = True
    has_row: bool = True

    @property
    def is_text(self) -> bool:
        """Whether it compresses well."""
        return self.media_type.startswith("text/")


def named_uuid(name: str) -> UUID:
    """The id of a thing, from its name; `pg_temp.named_uuid` in chance.sql does the same."""
    digits = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
    return UUID(f"{digits[:12]}4{digits[13:16]}8{digits[17:]}")


def portraits(scale: float) -> int:
    """How many customers have a portrait."""
    return max(5, round(PORTRAITS * scale))


def planned_documents(scale: float) -> Iterator[PlannedDocument]:
    """Every document that a row names or that a file holds, at this scale."""
    dice = Random(SEED)  # noqa: S311 -- sample data, no secret
    count = max(60, round(DOCUMENTS * scale))
    large = LARGE_BYTES if scale >= 1 else LARGE_BYTES[:1]
    for n in range(count):
        size = large[n] if n < len(large) else _size(dice)
        yield _document(n, 0 if n == count - 1 else size, has_file=n < count - 1 - DANGLING or n == count - 1)
    yield from _twins(count)
    for n in range(1, portraits(scale) + 1):
        yield _portrait(n, _size(dice), has_file=n > 1)
    for n in range(ORPHANS):
        yield PlannedDocument(named_uuid(f"orphan {n}"), 2_000_000 + n, _size(dice), "", "text/csv", has_row=False)


def _document(n: int, size: int, *, has_file: bool) -> PlannedDocument:
    ending, media_type = MEDIA_TYPES[n % len(MEDIA_TYPES)]
    name = f"{TITLES[n % len(TITLES)]} {n}.{ending}"
    return PlannedDocument(named_uuid(f"document {n}"), n, size, name, media_type, has_file)


def _twins(count: int) -> Iterator[PlannedDocument]:
    """Two documents with the same bytes under different ids."""
    for n in (count, count + 1):
        yield PlannedDocument(named_uuid(f"document {n}"), count, 54_321, f"Kopie {n}.pdf", "application/pdf")


def _portrait(n: int, size: int, *, has_file: bool) -> PlannedDocument:
    """The row that names it is a customer's, which keeps no size."""
    return PlannedDocument(named_uuid(f"portrait {n}"), 1_000_000 + n, size, "", "image/jpeg", has_file, has_row=False)


def _size(dice: Random) -> int:
    """Small ones are many, large ones few."""
    return round(SMALLEST_BYTES * math.exp(dice.random() * math.log(LARGEST_BYTES / SMALLEST_BYTES)))
