"""`nightkeep env`: where apps run; what a check found decides whether backups are taken there."""

from typing import Annotated

import typer

from services.cli.commands import options
from services.cli.commands.deploying import deploy
from services.cli.commands.registering import register, update
from services.cli.commands.shredding import shred
from services.cli.exits import Exit
from services.cli.names import environment_name, find_app, find_environment
from services.cli.session import Session, session_of
from services.cli.show import details, tables
from services.gateway.resources import Environment

AppService = Annotated[str, typer.Argument(metavar="SERVICE", help="A service's name.")]
commands = typer.Typer(
    name="env",
    help="Environments: register, list, show, update, deploy, start, stop, publish, remove; shred backups.",
    no_args_is_help=True,
)
commands.command()(register)
commands.command()(update)
commands.command()(deploy)
commands.command()(shred)


@commands.command("list")
def list_environments(
    context: typer.Context,
    *,
    app: Annotated[str | None, typer.Option("--app", help="Only those of this app.")] = None,
    as_json: options.AsJson = False,
) -> None:
    """Show all environments, or those of one app."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        app_id = None if app is None else find_app(gateway, app).app_id
        found = list(gateway.environments(app_id=app_id))
    session.tell(found, tables.environments(found) if found else "no environments yet: `nightkeep env register`")


@commands.command()
def show(context: typer.Context, *, environment: options.Environment, as_json: options.AsJson = False) -> None:
    """Show all about one environment."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        found = find_environment(gateway, environment)
    session.tell(found, details.environment(found))


@commands.command()
def check(
    context: typer.Context,
    *,
    environment: options.Environment,
    timeout: options.Timeout = None,
    as_json: options.AsJson = False,
    idempotency_key: options.IdempotencyKey = None,
) -> None:
    """Look again whether it can be backed up and restored, and show what was found."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        place = find_environment(gateway, environment)
        gateway.check_environment(place.environment_id, wait_seconds=0, idempotency_key=idempotency_key)
        session.note(f"looking at {environment_name(place)} …")
        found = gateway.wait_for_check(place.environment_id, timeout_seconds=timeout)
    session.tell(found, details.check(found))
    if found.state == "failed":
        raise typer.Exit(Exit.FAILED)


@commands.command()
def start(context: typer.Context, *, environment: options.Environment, as_json: options.AsJson = False) -> None:
    """Say that its app runs, or have the platform start it by its hook."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        asked = gateway.start(find_environment(gateway, environment).environment_id)
        _tell_answer(session, gateway.wait_for_platform(asked.environment_id))


@commands.command()
def stop(context: typer.Context, *, environment: options.Environment, as_json: options.AsJson = False) -> None:
    """Say that its app is stopped, or have the platform stop it by its hook: before a restore it has to be."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        asked = gateway.stop(find_environment(gateway, environment).environment_id)
        _tell_answer(session, gateway.wait_for_platform(asked.environment_id))


@commands.command()
def publish(
    context: typer.Context, *, environment: options.Environment, service: AppService, as_json: options.AsJson = False
) -> None:
    """Say that its app publishes a service: uploading data into production unpublishes it."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        _tell(session, gateway.publish(find_environment(gateway, environment).environment_id, service))


@commands.command()
def unpublish(
    context: typer.Context, *, environment: options.Environment, service: AppService, as_json: options.AsJson = False
) -> None:
    """Say that a service is published no longer, or have the platform take it back by its hook."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        asked = gateway.unpublish(find_environment(gateway, environment).environment_id, service)
        _tell_answer(session, gateway.wait_for_platform(asked.environment_id))


@commands.command()
def remove(context: typer.Context, *, environment: options.Environment, yes: options.Yes = False) -> None:
    """Forget an environment: no more nightly backups; those that are there keep their expiry."""
    session = session_of(context)
    with session.gateway() as gateway:
        found = find_environment(gateway, environment)
        if not yes:
            typer.confirm(f"Remove the environment {environment_name(found)}?", abort=True)
        gateway.remove_environment(found.environment_id)
    session.note(f"removed {environment_name(found)}")


def _tell(session: Session, environment: Environment) -> None:
    session.tell(environment, details.environment(environment))


def _tell_answer(session: Session, environment: Environment) -> None:
    """Exits with FAILED where the platform did not do what it was asked."""
    _tell(session, environment)
    if environment.hook_failure is not None:
        raise typer.Exit(Exit.FAILED)
