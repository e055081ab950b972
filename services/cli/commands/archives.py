"""`nightkeep archive`: the downloadable forms of backups, which `backup download` makes and brings."""

from itertools import islice
from typing import Annotated

import typer

from services.cli.commands import options
from services.cli.names import as_id
from services.cli.session import session_of
from services.cli.show import archives as shown

commands = typer.Typer(
    name="archive", help="Archives, which `backup download` makes: list, show, cancel.", no_args_is_help=True
)

Archive = Annotated[str, typer.Argument(help="An archive's id.")]


@commands.command("list")
def list_archives(
    context: typer.Context, *, backup: options.Backup, limit: options.Limit = 50, as_json: options.AsJson = False
) -> None:
    """Show the archives of a backup, newest first."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        found = list(islice(gateway.archives(as_id(backup, "backup")), limit))
    session.tell(found, shown.archives(found) if found else f"none yet: `nightkeep backup download {backup}`")


@commands.command()
def show(context: typer.Context, *, archive: Archive, as_json: options.AsJson = False) -> None:
    """Show all about one archive."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        found = gateway.archive(as_id(archive, "archive"))
    session.tell(found, shown.archive(found))


@commands.command()
def cancel(context: typer.Context, *, archive: Archive, as_json: options.AsJson = False) -> None:
    """Stop an archive that is not ready yet, or end its link; its backup is kept for it no longer."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        changed = gateway.cancel_archive(as_id(archive, "archive"))
    session.tell(changed, shown.archive(changed))
