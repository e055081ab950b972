"""`nightkeep backup`: make backups, look at them, keep them."""

from itertools import islice
from typing import Annotated

import typer

from services.cli.commands import options
from services.cli.commands.contents import contents, fetch
from services.cli.commands.downloads import download
from services.cli.commands.imports import import_backup
from services.cli.commands.leases import lease, release
from services.cli.commands.waits import end_of_backup
from services.cli.errors import RefusedError
from services.cli.names import as_id, find_environment
from services.cli.session import session_of
from services.cli.show import details, explanations, formats, nights, tables

commands = typer.Typer(
    name="backup",
    help="Backups: create, list, show, explain, comment, pin, unpin, cancel, delete, lease, contents, fetch, download…",
    no_args_is_help=True,
)

commands.command()(download)
commands.command()(contents)
commands.command()(fetch)
commands.command("import")(import_backup)
commands.command()(lease)
commands.command()(release)

Comment = Annotated[str, typer.Option("--comment", "-m", help="What the backup is for.")]

ReadAll = Annotated[
    bool, typer.Option("--read-all", help="Read every document again, also where size and times say it is unchanged.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show how long it would be kept; make nothing.")]


@commands.command()
def create(  # noqa: PLR0913 -- one parameter for each option
    context: typer.Context,
    *,
    environment: options.Environment,
    comment: Comment = "",
    read_all: ReadAll = False,
    dry_run: DryRun = False,
    wait: options.Wait = True,
    timeout: options.Timeout = None,
    as_json: options.AsJson = False,
    idempotency_key: options.IdempotencyKey = None,
) -> None:
    """Back an environment up: its database and its file documents, as one unit. How long it is kept is told first."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        place = find_environment(gateway, environment)
        expected = gateway.preview_backup(place.environment_id)
        if dry_run:
            session.tell(expected, nights.preview(expected))
            return
        session.note(nights.kept_until(expected))
        backup = gateway.create_backup(
            place.environment_id, comment, read_all=read_all, idempotency_key=idempotency_key
        )
        if not wait:
            session.tell(backup, details.backup(backup))
            return
        session.note(f"backup {backup.backup_id}")
        end_of_backup(session, gateway, backup.backup_id, timeout)


@commands.command("list")
def list_backups(
    context: typer.Context,
    *,
    environment: options.Environment,
    limit: options.Limit = 50,
    as_json: options.AsJson = False,
) -> None:
    """Show an environment's backups, newest first."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        found = list(islice(gateway.backups(find_environment(gateway, environment).environment_id), limit))
    session.tell(found, tables.backups(found) if found else f"no backups yet: `nightkeep backup create {environment}`")


@commands.command()
def show(context: typer.Context, *, backup: options.Backup, as_json: options.AsJson = False) -> None:
    """Show all about one backup."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        found = gateway.backup(as_id(backup, "backup"))
    session.tell(found, details.backup(found))


@commands.command()
def explain(context: typer.Context, *, backup: options.Backup, as_json: options.AsJson = False) -> None:
    """Say why a backup is there or has gone: its tiers, its policy, what held it, who or what deleted it."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        found = gateway.explain_backup(as_id(backup, "backup"))
    session.tell(found, explanations.explanation(found))


@commands.command()
def follow(
    context: typer.Context,
    *,
    backup: options.Backup,
    timeout: options.Timeout = None,
    as_json: options.AsJson = False,
) -> None:
    """Watch a backup until it has ended."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        end_of_backup(session, gateway, as_id(backup, "backup"), timeout)


@commands.command()
def comment(
    context: typer.Context,
    *,
    backup: options.Backup,
    text: Annotated[str, typer.Argument(help="The comment that replaces the present one.")],
    as_json: options.AsJson = False,
) -> None:
    """Replace a backup's comment."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        changed = gateway.comment_backup(as_id(backup, "backup"), text)
    session.tell(changed, details.backup(changed))


@commands.command()
def pin(
    context: typer.Context,
    *,
    backup: options.Backup,
    reason: Annotated[str, typer.Option("--reason", help="Why it must be kept.")] = "",
    as_json: options.AsJson = False,
) -> None:
    """Keep a backup past its expiry."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        changed = gateway.pin_backup(as_id(backup, "backup"), reason)
    session.tell(changed, details.backup(changed))


@commands.command()
def unpin(context: typer.Context, *, backup: options.Backup, as_json: options.AsJson = False) -> None:
    """Let a backup expire again."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        changed = gateway.unpin_backup(as_id(backup, "backup"))
    session.tell(changed, details.backup(changed))


@commands.command()
def cancel(context: typer.Context, *, backup: options.Backup, as_json: options.AsJson = False) -> None:
    """Stop a backup that is queued or running."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        changed = gateway.cancel_backup(as_id(backup, "backup"))
    session.tell(changed, details.backup(changed))


@commands.command()
def delete(
    context: typer.Context,
    *,
    backup: options.Backup,
    confirm_last: Annotated[
        bool, typer.Option("--confirm-last", help="Also when no other completed backup of its environment is left.")
    ] = False,
    erase: Annotated[
        bool, typer.Option("--erase", help="Rewrite what depends on it: in about a day nothing of it is in the store.")
    ] = False,
    yes: options.Yes = False,
) -> None:
    """Let a backup go before its expiry; it is found no more, and its bytes go after a grace period.

    What later backups are stored against stays as long as they need it; with --erase they are rewritten. That can be
    asked for afterwards, too, of a backup that was deleted or has expired.
    """
    session, backup_id = session_of(context), as_id(backup, "backup")
    with session.gateway() as gateway:
        found = gateway.explain_backup(backup_id) if erase else gateway.backup(backup_id)
        if not yes:
            typer.confirm(f"Delete the backup of {formats.minute(found.created_at)} UTC?", abort=True)
        try:
            gateway.delete_backup(found.backup_id, confirm_last=confirm_last, erase=erase)
        except RefusedError as error:
            if yes or error.field != "confirm_last":
                raise
            typer.confirm("It is the last completed backup of its environment. Delete it all the same?", abort=True)
            gateway.delete_backup(found.backup_id, confirm_last=True, erase=erase)
    session.note(f"deleted {found.backup_id}")
    if erase:
        session.note(
            "what depends on it is rewritten; gone from the store in about 24 hours, and a day later where a backup "
            "is under way or other content waits for its removal; `nightkeep backup explain` tells when it is"
        )
