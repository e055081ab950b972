"""`nightkeep backup download`: a backup as a file on this machine."""

from pathlib import Path
from typing import Annotated, Final

import typer

from contracts.events.archives import DataType
from services.cli.commands import options
from services.cli.commands.waits import ready_archive
from services.cli.downloading import download as bring
from services.cli.downloading import part_of
from services.cli.names import as_id
from services.cli.session import session_of
from services.cli.show import formats
from services.cli.show.downloads import bytes_bar

DatabaseOnly = Annotated[
    bool, typer.Option("--database-only", help="Only the database, as a dump that `pg_restore` reads.")
]
FilesOnly = Annotated[bool, typer.Option("--files-only", help="Only the file documents; it cannot be restored.")]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="The file, or the directory that it goes into.")
]
Resume = Annotated[
    bool,
    typer.Option("--resume/--from-start", help="Go on where an earlier try has ended, or forget what it has left."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the file where it is there already.")]

_ONLY: Final = {
    DataType.FILES_AND_DATABASE: "",
    DataType.DATABASE_ONLY: " --database-only",
    DataType.FILES_ONLY: " --files-only",
}


def download(  # noqa: PLR0913 -- one parameter for each option
    context: typer.Context,
    *,
    backup: options.Backup,
    database_only: DatabaseOnly = False,
    files_only: FilesOnly = False,
    output: Output = None,
    resume: Resume = True,
    overwrite: Overwrite = False,
    as_json: options.AsJson = False,
) -> None:
    """Download a backup. A download that broke goes on when it is repeated; its SHA-256 is checked at the end.

    Ctrl-C ends this command alone: an archive that is being made goes on, for when it is repeated.
    """
    if database_only and files_only:
        raise typer.BadParameter("--database-only and --files-only leave nothing: give one of them, or none")
    wanted = DataType.DATABASE_ONLY if database_only else DataType.FILES_ONLY if files_only else None
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        asked = gateway.create_archive(as_id(backup, "backup"), wanted or DataType.FILES_AND_DATABASE)
        target = _target(output, asked.file_name, overwrite=overwrite)
        again = f"nightkeep backup download {asked.backup_id}{_ONLY[asked.data_type]}"
        archive = ready_archive(session, gateway, asked, again)
    if not resume:
        part_of(target, archive).unlink(missing_ok=True)
    with bytes_bar(session.err, "downloading", target.name, archive.size_bytes or 0) as on_bytes:
        bring(archive, target, on_bytes)
    session.tell(archive, f"{target} ({formats.size(archive.size_bytes)}, SHA-256 {archive.sha256})")


def _target(output: Path | None, file_name: str, *, overwrite: bool) -> Path:
    """Where the file goes. Raises BadParameter where one is there already."""
    place = output or Path()
    target = place / Path(file_name).name if place.is_dir() else place
    if target.exists() and not overwrite:
        raise typer.BadParameter(f"{target} is there already: name another file with --output, or give --overwrite")
    return target
