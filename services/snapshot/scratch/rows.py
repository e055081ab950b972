"""Documents as rows of the scratch file, and back as lines of the lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic_core import from_json, to_json

from contracts.manifest import DanglingLine, DocumentLine
from services.platform.connectors.database import Reference
from services.platform.connectors.files import Listed, joined

Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class ToRead:
    """A listed document whose content is not known. Its id stays as bytes: there may be a million.

    `known` is the hash that the previous list has for it: where all is read again, that mostly still holds.
    """

    document_id: bytes
    place: str
    size_bytes: int
    known: str | None

    @classmethod
    def of(cls, row: Row) -> "ToRead":
        """From the columns id, place, size, hash of the previous list."""
        return cls(*row)


@dataclass(frozen=True, slots=True)
class Stored:
    """A document that was read: the state that was seen, and where its content is."""

    seen: Listed
    contents: tuple[str, ...]
    hash: str

    def row(self) -> Row:
        """For the table `stored`."""
        return *_state(self.seen), to_json(self.contents).decode(), self.hash


def listed_row(document: Listed) -> Row:
    """For the table `listed`."""
    return *_state(document), document.directory


def _state(document: Listed) -> Row:
    return document.document_id.bytes, document.place, document.size_bytes, document.stamp, document.settled


def previous_row(line: DocumentLine, text: str, stamp: str, *, in_known: bool) -> Row:
    """For the table `previous`: a document's own stamp, and whether the state of its directory is told beside it."""
    directory = line.place.rpartition("/")[0] if in_known else None
    return line.id.bytes, directory, line.size, stamp, line.settled, line.referenced, text


def referenced_row(reference: Reference) -> Row:
    """For the table `referenced`."""
    return reference.document_id.bytes, reference.size_bytes


def document_line(row: Row, *, proven: bool) -> bytes:
    """A line of the list of documents, of the query `stored_lines`."""
    # A DocumentLine in its order, of what was checked when it came in: to make an object of each takes thrice as long.
    line = {
        "id": _id_text(row[0]),
        "place": row[1],
        "size": row[2],
        "stamp": joined(row[3], row[9]),
        "settled": bool(row[4]),
        "referenced": bool(row[8]) if proven else None,
        "contents": from_json(row[5]),
        "hash": row[6],
        "from_previous": bool(row[7]),
    }
    return to_json(line) + b"\n"


def kept_line(row: Row, *, proven: bool) -> bytes:
    """A line as the previous list has it, of the query `kept_lines`: only what rows refer to may be another today.

    It has the shape in which it was first written, so a DocumentLine may gain fields only with defaults.
    """
    line, before, now = row[1], row[2], bool(row[3]) if proven else None
    if before == now:
        return f"{line}\n".encode()
    return to_json({**from_json(line), "referenced": now}) + b"\n"


def _id_text(document_id: bytes) -> str:
    digits = document_id.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def dangling_line(row: Row) -> bytes:
    """A line of the list of dangling references, of the query `dangling`."""
    return DanglingLine.model_construct(id=UUID(bytes=row[0]), size=row[1]).model_dump_json().encode() + b"\n"
