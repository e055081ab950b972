"""What is in a backup."""

from uuid import UUID

from services.gateway.resources.shapes import Resource


class BackedUpFile(Resource):
    """A file document; `referenced` says whether a row names it, null where nobody told how rows do that."""

    document_id: UUID
    place: str
    size_bytes: int
    referenced: bool | None = None


class FilePage(Resource):
    """File documents by id; `next` is the place to go on from, null on the last page."""

    files: list[BackedUpFile]
    count: int
    bytes: int
    next: str | None = None


class BackedUpTable(Resource):
    """A table of the dump; `size_bytes` is that of its rows as text, where it was asked for."""

    schema_name: str
    name: str
    size_bytes: int | None = None


class TableList(Resource):
    """Every table, by schema and name; `bytes` is the dump's size."""

    tables: list[BackedUpTable]
    bytes: int
