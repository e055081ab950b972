"""`nightkeep backup contents` and `fetch`: what is in a backup, and one document or table of it."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from services.cli.commands import options
from services.cli.downloading import OnBytes, bring
from services.cli.names import as_id
from services.cli.session import session_of
from services.cli.show import contents as shown
from services.cli.show import formats
from services.cli.show.downloads import bytes_bar

Files = Annotated[bool, typer.Option("--files", help="Every file document, by id.")]
Tables = Annotated[bool, typer.Option("--tables", help="Every table.")]
Sizes = Annotated[
    bool, typer.Option("--sizes", help="How large the rows of each table are; reads the whole dump for it.")
]
Limit = Annotated[int, typer.Option("--limit", min=1, help="At most so many file documents.")]
File = Annotated[UUID | None, typer.Option("--file", metavar="ID", help="This file document.")]
Table = Annotated[
    str | None,
    typer.Option("--table", metavar="NAME", help="This table, `name` or `schema.name`: a dump for `pg_restore`."),
]
Output = Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where it goes; nothing is written over.")]


def contents(  # noqa: PLR0913 -- one parameter for each option
    context: typer.Context,
    *,
    backup: options.Backup,
    files: Files = False,
    tables: Tables = False,
    sizes: Sizes = False,
    limit: Limit = 1000,
    as_json: options.AsJson = False,
) -> None:
    """List the tables and the file documents of a backup, without restoring it."""
    session = session_of(context, as_json=as_json)
    backup_id = as_id(backup, "backup")
    with session.gateway() as gateway:
        if files:
            found = list(islice(gateway.files_of(backup_id), limit))
            session.tell(found, shown.files(found))
            return
        listed = gateway.tables_of(backup_id, sizes=sizes)
        session.tell(listed, shown.tables(listed))
        if not tables:
            counted = gateway.count_files(backup_id)
            session.note(f"{counted.count:,} file documents, {formats.size(counted.bytes)}: `--files` lists them")


def fetch(
    context: typer.Context,
    *,
    backup: options.Backup,
    file: File = None,
    table: Table = None,
    output: Output,
) -> None:
    """Bring one file document or one table of a backup into a file, without restoring it."""
    if (file is None) == (table is None):
        raise typer.BadParameter("give one of --file and --table")
    if output.exists():
        raise _is_there(output)
    session = session_of(context)
    backup_id = as_id(backup, "backup")
    with session.gateway() as gateway:
        asked = gateway.fetch_file(backup_id, file) if file else gateway.fetch_table(backup_id, table or "")
        with asked as fetched, bytes_bar(session.err, "fetching", output.name, fetched.size_bytes) as on_bytes:
            _bring(fetched.pieces, output, on_bytes)
    session.note(f"{output} ({formats.size(output.stat().st_size)})")


def _bring(pieces: Iterator[bytes], output: Path, on_bytes: OnBytes) -> None:
    try:
        bring(pieces, output, on_bytes)
    except FileExistsError as error:
        raise _is_there(output) from error


def _is_there(output: Path) -> typer.BadParameter:
    return typer.BadParameter(f"{output} is there already: name another file")
