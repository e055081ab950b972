"""Spoils what was restored by the least there is, for the tests that prove that the demo would notice."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final

from infra.sample import SampleEnvironment


class Tampering(StrEnum):
    """What is spoilt."""

    ROW = "row"
    DOCUMENT = "document"
    LARGE_OBJECT = "large-object"
    SEQUENCE = "sequence"


def tamper(environment: SampleEnvironment, what: Tampering) -> None:
    """Change one value, one bit, one byte, or one number."""
    SPOILERS[what](environment)


def _flip_a_bit(environment: SampleEnvironment) -> None:
    document = next(path for path in _documents(environment.documents) if path.stat().st_size)
    content = bytearray(document.read_bytes())
    content[len(content) // 2] ^= 1
    document.write_bytes(content)


def _documents(root: Path) -> list[Path]:
    return sorted(path for path in root.glob("*/*/*") if path.is_file())


def _sql(statement: str) -> Callable[[SampleEnvironment], object]:
    return lambda environment: environment.psql.query(statement)


SPOILERS: Final[Mapping[Tampering, Callable[[SampleEnvironment], object]]] = MappingProxyType(
    {
        Tampering.ROW: _sql("UPDATE sales.order_line SET unit_price = 1.0001 WHERE order_id = 77 AND line_no = 1"),
        Tampering.DOCUMENT: _flip_a_bit,
        Tampering.LARGE_OBJECT: _sql("SELECT lo_put(content, 4000, '\\x00') FROM office.attachment WHERE id = 5"),
        Tampering.SEQUENCE: _sql("SELECT nextval('sales.ticket_number')"),
    }
)
