"""What is in a backup, as tables."""

from collections.abc import Iterable
from typing import Final

from rich.table import Table

from services.cli.show import formats
from services.cli.show.tables import Column, table
from services.gateway.resources import BackedUpFile, TableList

REFERENCED: Final = {True: "by a row", False: "by none", None: ""}


def files(found: Iterable[BackedUpFile]) -> Table:
    """File documents; their places come from outside."""
    columns = (Column("document"), Column("size", right=True), Column("referenced"), Column("place", firm=False))
    rows = (
        (
            str(one.document_id),
            formats.size(one.size_bytes),
            REFERENCED[one.referenced],
            formats.printable(one.place),
        )
        for one in found
    )
    return table(columns, rows)


def tables(found: TableList) -> Table:
    """Tables of a dump, with the sizes of their rows where they were asked for."""
    columns = (Column("schema", firm=False), Column("table", firm=False), Column("rows as text", right=True))
    rows = [
        (formats.printable(one.schema_name), formats.printable(one.name), formats.size(one.size_bytes))
        for one in found.tables
    ]
    shown = len(columns) if any(one.size_bytes is not None for one in found.tables) else len(columns) - 1
    return table(columns[:shown], [row[:shown] for row in rows])
