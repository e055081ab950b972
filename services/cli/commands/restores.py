"""`nightkeep restore`: bring a backup into an environment, and back out again."""

from itertools import islice
from typing import Annotated

import typer

from services.cli.client import Gateway
from services.cli.commands import options
from services.cli.commands.waits import end_of_restore, followed
from services.cli.completion import complete_environment
from services.cli.exits import Exit
from services.cli.names import as_id, environment_name, find_environment
from services.cli.session import Session, session_of
from services.cli.show import details, tables
from services.gateway.resources import Preflight

commands = typer.Typer(
    name="restore",
    help="Restores: create, list, show, cancel, undo, follow."
    "\n\nA dry run, which changes nothing: `nightkeep restore create BACKUP --into ENVIRONMENT --dry-run`.",
    no_args_is_help=True,
)

Into = Annotated[
    str,
    typer.Option(
        "--into",
        metavar="ENVIRONMENT",
        help="The destination: id, `app/name` or name.",
        autocompletion=complete_environment,
    ),
]
DatabaseOnly = Annotated[bool, typer.Option("--database-only", help="Leave the file documents as they are.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only look whether it would go well; change nothing.")]


@commands.command()
def create(  # noqa: PLR0913 -- one parameter for each option
    context: typer.Context,
    *,
    backup: options.Backup,
    into: Into,
    database_only: DatabaseOnly = False,
    dry_run: DryRun = False,
    wait: options.Wait = True,
    timeout: options.Timeout = None,
    as_json: options.AsJson = False,
    idempotency_key: options.IdempotencyKey = None,
) -> None:
    """Bring a backup into an environment whose app is stopped; undo brings back what was there."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        source = gateway.backup(as_id(backup, "backup"))
        place = find_environment(gateway, into)
        if dry_run:
            asked = gateway.preflight(
                place.environment_id,
                source.backup_id,
                database_only=database_only,
                wait_seconds=0,
                idempotency_key=idempotency_key,
            )
            _look(session, gateway, asked, timeout)
            return
        restore = gateway.create_restore(
            place.environment_id, source.backup_id, database_only=database_only, idempotency_key=idempotency_key
        )
        if not wait:
            session.tell(restore, details.restore(restore))
            return
        session.note(f"restore {restore.restore_id} into {environment_name(place)}")
        end_of_restore(session, gateway, restore.restore_id, timeout)


def _look(session: Session, gateway: Gateway, asked: Preflight, timeout: float | None) -> None:
    see, stop = (f"nightkeep preflight {deed} {asked.preflight_id}" for deed in ("show", "cancel"))
    with followed(session, "the preflight", see, stop):
        session.note(f"preflight {asked.preflight_id}")
        found = gateway.wait_for_preflight(asked.preflight_id, timeout_seconds=timeout)
    session.tell(found, details.preflight(found))
    if found.state == "failed":
        raise typer.Exit(Exit.FAILED)


@commands.command("list")
def list_restores(
    context: typer.Context,
    *,
    environment: options.Environment,
    limit: options.Limit = 50,
    as_json: options.AsJson = False,
) -> None:
    """Show the restores into an environment, newest first."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        found = list(islice(gateway.restores(find_environment(gateway, environment).environment_id), limit))
    session.tell(found, tables.restores(found) if found else "nothing was restored there yet")


@commands.command()
def show(context: typer.Context, *, restore: options.Restore, as_json: options.AsJson = False) -> None:
    """Show all about one restore."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        found = gateway.restore(as_id(restore, "restore"))
    session.tell(found, details.restore(found))


@commands.command()
def follow(
    context: typer.Context,
    *,
    restore: options.Restore,
    timeout: options.Timeout = None,
    as_json: options.AsJson = False,
) -> None:
    """Watch a restore, or its undo, until it has ended."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        end_of_restore(session, gateway, as_id(restore, "restore"), timeout)


@commands.command()
def cancel(context: typer.Context, *, restore: options.Restore, as_json: options.AsJson = False) -> None:
    """Stop a restore that has not switched yet."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        changed = gateway.cancel_restore(as_id(restore, "restore"))
    session.tell(changed, details.restore(changed))


@commands.command()
def undo(
    context: typer.Context,
    *,
    restore: options.Restore,
    wait: options.Wait = True,
    timeout: options.Timeout = None,
    as_json: options.AsJson = False,
) -> None:
    """Bring back what a restore replaced, within its grace."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        changed = gateway.undo_restore(as_id(restore, "restore"))
        if not wait:
            session.tell(changed, details.restore(changed))
            return
        end_of_restore(session, gateway, changed.restore_id, timeout)
