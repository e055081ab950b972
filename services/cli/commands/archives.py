"""`nightkeep archive`: the downloadable forms of backups, which `backup download` makes, too, and brings."""

from itertools import islice
from typing import Annotated

import typer

from contracts.events.archives import DataType
from services.cli.commands import options
from services.cli.commands.waits import ready_archive
from services.cli.names import as_id
from services.cli.session import session_of
from services.cli.show import archives as shown

commands = typer.Typer(
    name="archive",
    help="Archives, which `backup download` makes and brings: create, list, show, cancel.",
    no_args_is_help=True,
)

Archive = Annotated[str, typer.Argument(help="An archive's id.")]


@commands.command()
def create(  # noqa: PLR0913 -- one parameter for each option
    context: typer.Context,
    *,
    backup: options.Backup,
    data_type: Annotated[DataType, typer.Option("--data-type", help="What it holds.")] = DataType.FILES_AND_DATABASE,
    wait: options.Wait = True,
    timeout: options.Timeout = None,
    as_json: options.AsJson = False,
    idempotency_key: options.IdempotencyKey = None,
) -> None:
    """Have a backup made downloadable and show the link once it is ready; bring nothing. The link needs no key."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        archive = gateway.create_archive(as_id(backup, "backup"), data_type, idempotency_key=idempotency_key)
        if wait:
            see = f"nightkeep archive show {archive.archive_id}"
            archive = ready_archive(session, gateway, archive, see, timeout)
    session.tell(archive, shown.archive(archive))
    if archive.url and not session.as_json:
        typer.echo(archive.url)  # in one piece, however narrow the terminal is


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
