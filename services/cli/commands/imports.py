"""`nightkeep backup import`: a full archive from elsewhere becomes a backup in an environment's list."""

import json
import tarfile
from pathlib import Path
from typing import Annotated

import typer

from services.cli.commands import options
from services.cli.commands.waits import end_of_backup
from services.cli.completion import complete_environment
from services.cli.names import find_environment
from services.cli.sending import send
from services.cli.session import session_of
from services.cli.show import details
from services.cli.show.downloads import bytes_bar

Sent = Annotated[
    Path,
    typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True, help="A full archive: tar.gz or zip."),
]
Into = Annotated[
    str,
    typer.Option(
        "--into",
        metavar="ENVIRONMENT",
        help="The environment in whose list it is: id, `app/name` or name.",
        autocompletion=complete_environment,
    ),
]
Comment = Annotated[str, typer.Option("--comment", "-m", help="Where the backup comes from.")]
METADATA = ".metadata"
METADATA_BYTES = 64 * 1024


def import_backup(  # noqa: PLR0913 -- one parameter for each option
    context: typer.Context,
    *,
    file: Sent,
    into: Into,
    comment: Comment = "",
    wait: options.Wait = True,
    timeout: options.Timeout = None,
    as_json: options.AsJson = False,
    idempotency_key: options.IdempotencyKey = None,
) -> None:
    """Add a full archive to an environment's backups. Repeated after a break, sending goes on."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        place = find_environment(gateway, into)
        with bytes_bar(session.err, "sending", file.name, file.stat().st_size) as on_bytes:
            parcel = send(gateway, place.environment_id, file, on_bytes)
        backup = gateway.import_backup(
            place.environment_id,
            parcel.parcel_id,
            comment,
            model_version=_model_version(file),
            idempotency_key=idempotency_key,
        )
        if not wait:
            session.tell(backup, details.backup(backup))
            return
        session.note(f"backup {backup.backup_id}")
        end_of_backup(session, gateway, backup.backup_id, timeout)


def _model_version(file: Path) -> str | None:
    """What an archive of ours says first; for others nobody knows. What is wrong with a file, the platform says."""
    try:
        with tarfile.open(file, "r:gz") as archive:
            first = archive.next()
            opened = archive.extractfile(first) if first and first.name == METADATA else None
            told = json.loads(opened.read(METADATA_BYTES)) if opened else {}
            return told.get("modelVersion") or None
    except (tarfile.TarError, OSError, EOFError, ValueError, AttributeError):
        return None
