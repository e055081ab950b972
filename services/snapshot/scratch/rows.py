"""Documents as rows of the scratch file, and back as lines of the lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from contracts.manifest import DanglingLine, DocumentLine
from services.platform.connectors.database import Reference
from services.platform.connectors.files import Listed, apart, joined

Row = Sequence[Any]
Parameters = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ToRead:
    """A listed document whose content is not known. Its id stays as bytes: there may be a million."""

    document_id: bytes
    place: str
    size_bytes: int

    @classmethod
    def of(cls, row: Row) -> "ToRead":
        """From the columns id, place, size."""
        return cls(row[0], row[1], row[2])


@dataclass(frozen=True, slots=True)
class Stored:
    """A document that was read: the state that was seen, and where its content is."""

    seen: Listed
    contents: tuple[str, ...]
    hash: str

    def parameters(self) -> Parameters:
        """For the table `stored`."""
        return {**state_parameters(self.seen), "contents": ",".join(self.contents), "hash": self.hash}


def listed_parameters(document: Listed) -> Parameters:
    """For the table `listed`."""
    return {**state_parameters(document), "directory": document.directory}


def state_parameters(document: Listed) -> Parameters:
    """A document's own state."""
    return {
        "id": document.document_id.bytes,
        "place": document.place,
        "size": document.size_bytes,
        "stamp": document.stamp,
        "settled": document.settled,
    }


def previous_parameters(line: DocumentLine) -> Parameters:
    """For the table `previous`."""
    stamp, directory = apart(line.stamp)
    return {
        "id": line.id.bytes,
        "place": line.place,
        "size": line.size,
        "stamp": stamp,
        "settled": line.settled,
        "directory": directory,
        "contents": ",".join(line.contents),
        "hash": line.hash,
    }


def referenced_parameters(reference: Reference) -> Parameters:
    """For the table `referenced`."""
    return {"id": reference.document_id.bytes, "size": reference.size_bytes}


def document_line(row: Row, *, proven: bool) -> bytes:
    """A line of the list of documents, of the query `lines`."""
    # A DocumentLine in its order, of what was checked when it came in: to make an object of each takes thrice as long.
    line = {
        "id": _id_text(row[0]),
        "place": row[1],
        "size": row[2],
        "stamp": joined(row[3], row[9]),
        "settled": bool(row[4]),
        "referenced": bool(row[8]) if proven else None,
        "contents": row[5].split(","),
        "hash": row[6],
        "from_previous": bool(row[7]),
    }
    return to_json(line) + b"\n"


def _id_text(document_id: bytes) -> str:
    digits = document_id.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def dangling_line(row: Row) -> bytes:
    """A line of the list of dangling references, of the query `dangling`."""
    return DanglingLine.model_construct(id=UUID(bytes=row[0]), size=row[1]).model_dump_json().encode() + b"\n"
