"""`nightkeep upload`: clear an environment and fill it with data from elsewhere."""

from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from contracts.events.archives import DataType
from services.cli.commands import options
from services.cli.commands.waits import end_of_upload
from services.cli.completion import complete_environment
from services.cli.names import as_id, environment_name, find_environment
from services.cli.sending import send
from services.cli.session import session_of
from services.cli.show import details, tables
from services.cli.show.downloads import bytes_bar

commands = typer.Typer(
    name="upload", help="Uploads: create, list, show, cancel, follow; parcels, give-up.", no_args_is_help=True
)

Sent = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        exists=True,
        dir_okay=False,
        readable=True,
        help="A dump of `pg_dump -Fc`, or a tar.gz or zip like those of `backup download`.",
    ),
]
Into = Annotated[
    str,
    typer.Option(
        "--into",
        metavar="ENVIRONMENT",
        help="The environment to clear and fill: id, `app/name` or name.",
        autocompletion=complete_environment,
    ),
]
FilesOnly = Annotated[bool, typer.Option("--files-only", help="The archive holds file documents and no database.")]
SafetyBackup = Annotated[
    bool, typer.Option("--safety-backup/--no-safety-backup", help="Back up first what is there; the only way back.")
]
Upload = Annotated[str, typer.Argument(help="An upload's id.")]
Parcel = Annotated[str, typer.Argument(help="A parcel's id, as `nightkeep upload parcels` shows it.")]
_DUMP_MAGIC = b"PGDMP"


@commands.command()
def create(  # noqa: PLR0913 -- one parameter for each option
    context: typer.Context,
    *,
    file: Sent,
    into: Into,
    files_only: FilesOnly = False,
    safety_backup: SafetyBackup = True,
    yes: options.Yes = False,
    wait: options.Wait = True,
    timeout: options.Timeout = None,
    as_json: options.AsJson = False,
    idempotency_key: options.IdempotencyKey = None,
) -> None:
    """Clear an environment whose app is stopped and fill it with a file. Repeated after a break, sending goes on."""
    data_type = DataType.FILES_ONLY if files_only else _data_type(file)
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        place = find_environment(gateway, into)
        if not yes:
            question = f"{environment_name(place)} will be cleared: package, database and files. Go on?"
            typer.confirm(question, abort=True, err=True)
        with bytes_bar(session.err, "sending", file.name, file.stat().st_size) as on_bytes:
            parcel = send(gateway, place.environment_id, file, on_bytes)
        asked = gateway.create_upload(
            place.environment_id,
            parcel.parcel_id,
            data_type,
            safety_backup=safety_backup,
            idempotency_key=idempotency_key,
        )
        if not wait:
            session.tell(asked, details.upload(asked))
            return
        session.note(f"upload {asked.upload_id} into {environment_name(place)}")
        end_of_upload(session, gateway, asked.upload_id, timeout)


def _data_type(file: Path) -> DataType:
    """A dump alone is told by its first bytes; whatever else it is, the platform says so."""
    with file.open("rb") as opened:
        is_dump = opened.read(len(_DUMP_MAGIC)) == _DUMP_MAGIC
    return DataType.DATABASE_ONLY if is_dump else DataType.FILES_AND_DATABASE


@commands.command("list")
def list_uploads(
    context: typer.Context,
    *,
    environment: options.Environment,
    limit: options.Limit = 50,
    as_json: options.AsJson = False,
) -> None:
    """Show the uploads into an environment, newest first."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        found = list(islice(gateway.uploads(find_environment(gateway, environment).environment_id), limit))
    session.tell(found, tables.uploads(found) if found else "nothing was uploaded there yet")


@commands.command()
def show(context: typer.Context, *, upload: Upload, as_json: options.AsJson = False) -> None:
    """Show all about one upload."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        found = gateway.upload(as_id(upload, "upload"))
    session.tell(found, details.upload(found))


@commands.command()
def follow(
    context: typer.Context, *, upload: Upload, timeout: options.Timeout = None, as_json: options.AsJson = False
) -> None:
    """Watch an upload until it has ended."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        end_of_upload(session, gateway, as_id(upload, "upload"), timeout)


@commands.command()
def cancel(context: typer.Context, *, upload: Upload, as_json: options.AsJson = False) -> None:
    """Stop an upload that has not switched yet."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        changed = gateway.cancel_upload(as_id(upload, "upload"))
    session.tell(changed, details.upload(changed))


@commands.command("parcels")
def list_parcels(context: typer.Context, *, environment: options.Environment, as_json: options.AsJson = False) -> None:
    """Show the files that are on their way into an environment: sent in part, or not worked off yet."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        found = gateway.parcels(find_environment(gateway, environment).environment_id)
    session.tell(found, tables.parcels(found) if found else "no file is on its way there")


@commands.command("give-up")
def give_up(context: typer.Context, *, parcel: Parcel) -> None:
    """Have what was sent of a file removed; one that an upload works off stays until that has ended."""
    session = session_of(context)
    with session.gateway() as gateway:
        gateway.give_up_parcel(as_id(parcel, "parcel"))
    session.note(f"gave up {parcel}")
