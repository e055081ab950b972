"""Reads which documents an app's rows refer to, by the query that the app gave (spec: environments, "The backup")."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import asyncpg

from services.platform.connectors.database.connection import Connection
from services.platform.connectors.database.errors import ReferenceQueryError

_IDS: Final = frozenset({"uuid", "text", "varchar", "bpchar"})
_SIZES: Final = frozenset({"int2", "int4", "int8", "numeric", "unknown", "text"})
"""A bare NULL arrives as text."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A document that a row refers to; `size_bytes` is None where the app does not keep it."""

    document_id: UUID
    size_bytes: int | None


async def stream_references(
    connection: Connection, query: str, batch_size: int
) -> AsyncGenerator[Sequence[Reference], None]:
    """The query's rows in batches, by a cursor in the connection's transaction; rows without an id are no references.

    Raises ReferenceQueryError.
    """
    try:
        async with connection.transaction():
            prepared = await connection.prepare(query)
            _refuse_other_columns(prepared.get_attributes())
            cursor = await prepared.cursor()
            while rows := await cursor.fetch(batch_size):
                yield [_reference(row) for row in rows if row[0] is not None]
    except asyncpg.PostgresError as error:
        if isinstance(error, asyncpg.PostgresConnectionError | asyncpg.OperatorInterventionError):
            raise
        raise ReferenceQueryError(f"documents_query failed: {error}. Correct it in the environment") from error


def _refuse_other_columns(columns: Sequence[asyncpg.Attribute]) -> None:
    types = [column.type.name for column in columns]
    if len(types) != 2 or types[0] not in _IDS or types[1] not in _SIZES:  # noqa: PLR2004 -- id and size
        raise ReferenceQueryError(
            f"documents_query yields ({', '.join(types)}) where (uuid, bigint) is needed: the document's id, and its "
            f"size in bytes or NULL"
        )


def _reference(row: Any) -> Reference:  # noqa: ANN401 -- a driver's row of types checked above
    try:
        document_id = row[0] if isinstance(row[0], UUID) else UUID(str(row[0]).strip())
        return Reference(document_id, None if row[1] is None else _whole(row[1]))
    except ValueError as error:
        raise ReferenceQueryError(
            "documents_query yields an id that is no UUID, or a size that is no number"
        ) from error


def _whole(size: int | Decimal | str) -> int:
    if size != int(size) or int(size) < 0:
        raise ValueError
    return int(size)
